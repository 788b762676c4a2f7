import CLinux
import Glibc

/// A regular file, open for reading at any position by any number of threads.
public final class SourceFile: Sendable {
  /// The path it was opened by, for messages.
  public let path: String
  /// Its status when it was opened.
  public let opened: FileStatus
  /// What brings its bytes, where they lie elsewhere.
  public let supply: (any FileSupply)?
  private let descriptor: Descriptor

  /// Takes over an open descriptor of a regular file.
  package init(
    path: String, owning descriptor: consuming Descriptor, supply: (any FileSupply)? = nil
  ) throws(SystemError) {
    self.path = path
    let status = try FileStatus.of(descriptor: descriptor.number, subject: path)
    opened = supply.map { status.modified(at: $0.modified) } ?? status
    self.supply = supply
    self.descriptor = descriptor
  }

  /// Bytes in the file when it was opened.
  public var size: UInt64 { opened.size }

  /// The descriptor's number, for `sendfile(2)` and its like; valid while the file is referenced.
  public var number: CInt { descriptor.number }

  /// Its status now.
  public func status() throws(SystemError) -> FileStatus {
    try FileStatus.of(descriptor: number, subject: path)
  }

  /// Whether size and modification time are what they were when it was opened.
  public func isUnchanged() -> Bool {
    if let supply { return supply.isUnchanged }
    guard let now = try? status() else { return false }
    return now.size == opened.size && now.modified == opened.modified
  }

  /// Whether its path still names what was opened, and that is unchanged: false where it was replaced, cut or written.
  public func isCurrent() -> Bool {
    if let supply {
      supply.look()
      return supply.isUnchanged
    }
    guard let now = try? FileStatus.of(path: path) else { return false }
    return now.size == opened.size && now.modified == opened.modified
  }

  /// Has the bytes of a range here, as far as it lies in the file.
  public func bring(_ range: Range<UInt64>) throws(SystemError) {
    guard let supply else { return }
    let range = range.clamped(to: 0..<size)
    if !range.isEmpty { try supply.bring(range) }
  }

  /// Fills `destination` with the bytes at `offset`; fewer only where the file ends. Returns how many.
  @unsafe public func read(into destination: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError)
    -> Int
  {
    var filled = 0
    guard let start = Int64(exactly: offset) else { throw SystemError("pread", code: EOVERFLOW, on: path) }
    if supply != nil { try bring(offset..<offset + UInt64(destination.count)) }
    while filled < destination.count {
      let (position, overflow) = start.addingReportingOverflow(Int64(filled))
      if overflow { throw SystemError("pread", code: EOVERFLOW, on: path) }
      // SAFETY: the address and length lie within `destination`, which the caller keeps alive.
      let count = try retryingInterrupts("pread", on: path) {
        unsafe pread(number, destination.baseAddress?.advanced(by: filled), destination.count - filled, off_t(position))
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The `count` bytes at `offset`. The caller has checked `count` against the file's size or a limit.
  /// - Throws: a `SystemError`; a file shorter than asked for is `EIO`.
  public func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    // SAFETY: exactly the bytes that were read are declared initialized.
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemError) {
        filled = unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    guard result.count == count else { throw SystemError("pread", code: EIO, on: path) }
    return result
  }

  /// Whether it lies on another machine, or behind a program: then it is read in large pieces rather than mapped, since a fault of a page
  /// is a round trip each.
  public var isRemote: Bool { supply != nil || linux_is_remote_file(number) != 0 }

  /// Whether bytes are in memory, as far as samples of them tell: sending them will not wait for a disk. Where the file system does not
  /// tell, those of this machine count as being there and others do not.
  public func isInMemory(offset: UInt64, count: Int) -> Bool {
    guard count > 0, let start = Int64(exactly: offset) else { return true }
    for sample in Array(stride(from: 0, to: count - 1, by: SourceFile.sampleDistance)) + [count - 1] {
      switch linux_is_in_memory(number, start &+ Int64(sample)) {
      case 1: continue
      case 0: return false
      default: return !isRemote
      }
    }
    return true
  }

  /// Bytes from one sample to the next.
  private static let sampleDistance = 1 << 20

  /// Reads bytes into the kernel's memory, all together, and waits for them. What cannot be read will tell whoever uses it.
  /// - Parameter buffer: where they are read to on the way.
  public func bringIn(offset: UInt64, count: Int, through buffer: ByteBuffer) {
    willNeed(offset: offset, count: count)
    var position = 0
    while position < count {
      // SAFETY: the buffer's memory is ours while we hold it.
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.storage[..<min(buffer.capacity, count - position)])
      guard let read = unsafe try? read(into: part, at: offset &+ UInt64(position)), read > 0 else { return }
      position += read
    }
  }

  /// Tells the kernel that these bytes are wanted soon.
  public func willNeed(offset: UInt64, count: Int) {
    guard let offset = Int64(exactly: offset) else { return }
    _ = linux_will_need(number, offset, Int64(count))
  }
}
