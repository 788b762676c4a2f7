import CLinux
import Glibc
import Platform
import Synchronization

/// A file of a checkpoint in the address space, to be read in small pieces.
///
/// SAFETY: `@unchecked Sendable` because the mapping is read-only and never moves while the object lives. Its bytes are only read by
/// `linux_gather` and by system calls, which survive a file that is cut.
@safe final class SourceMapping: @unchecked Sendable {
  /// The first byte.
  @unsafe let base: UnsafePointer<UInt8>
  /// Bytes that are mapped: the file's size when it was opened.
  let count: Int

  /// The file.
  let file: SourceFile
  /// When each chunk was last made present, in seconds since the process began and one; 0 for never.
  private let presence: Mutex<[UInt32]>

  /// Bytes of a chunk, whose presence is known together.
  private static let chunk = 2 << 20
  /// How long a chunk counts as present. It may be gone before, and then whoever uses it waits for the disk as `sendfile(2)` does; but
  /// what is used all the time is the last that the kernel gives up.
  private static let lifetime: UInt32 = 4
  private static let start = ContinuousClock.now

  /// Maps a whole file; nil where it is empty.
  init?(_ file: SourceFile) throws(SystemError) {
    guard let count = Int(exactly: file.size) else { throw SystemError("mmap", code: EFBIG, on: file.path) }
    guard count > 0 else { return nil }
    guard let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, file.number, 0), unsafe address != MAP_FAILED
    else {
      throw SystemError("mmap", on: file.path)
    }
    unsafe base = UnsafePointer(address.assumingMemoryBound(to: UInt8.self))
    self.count = count
    self.file = file
    presence = Mutex(Array(repeating: 0, count: (count - 1) / SourceMapping.chunk + 1))
  }

  private static func seconds() -> UInt32 {
    UInt32(clamping: (ContinuousClock.now - start).components.seconds + 1)
  }

  /// Whether the pages of a range were made present a short time ago.
  func isPresent(_ range: Range<Int>) -> Bool {
    let now = SourceMapping.seconds()
    return presence.withLock { presence in
      chunks(of: range).allSatisfy { presence[$0] != 0 && now - presence[$0] < SourceMapping.lifetime }
    }
  }

  /// Whether an address is one of its bytes.
  @unsafe func contains(_ address: UnsafePointer<UInt8>) -> Bool {
    unsafe address >= base && address < base.advanced(by: count)
  }

  /// Makes the chunks of a range present, reading what is not in memory.
  /// - Returns: an errno value, 0 when it was done.
  func makeChunksPresent(_ range: Range<Int>) -> CInt {
    let now = SourceMapping.seconds()
    for index in chunks(of: range) {
      let isFresh = presence.withLock { $0[index] != 0 && now - $0[index] < SourceMapping.lifetime / 2 }
      if isFresh { continue }
      let start = index * SourceMapping.chunk
      let code = populate(start..<min(start + SourceMapping.chunk, count))
      guard code == 0 else { return code }
      presence.withLock { $0[index] = now }
    }
    return 0
  }

  /// Makes the pages of a range present, reading what is not in memory.
  /// - Returns: an errno value, 0 when it was done.
  func populate(_ range: Range<Int>) -> CInt {
    let page = 4096
    let start = range.lowerBound / page * page
    // SAFETY: the range lies within the mapping, whose last page is mapped as a whole.
    return unsafe linux_populate(base.advanced(by: start), range.upperBound - start)
  }

  private func chunks(of range: Range<Int>) -> Range<Int> {
    let range = range.clamped(to: 0..<count)
    return range.isEmpty
      ? 0..<0 : range.lowerBound / SourceMapping.chunk..<(range.upperBound - 1) / SourceMapping.chunk + 1
  }

  deinit {
    // SAFETY: exactly what `mmap` gave is given back, and nobody refers to it any more.
    unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
  }
}
