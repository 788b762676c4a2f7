import CLinux
import Glibc

/// A file that is being written at known positions, and locked against a second writer.
package struct OutputFile: ~Copyable, Sendable {
  /// The path it was opened by.
  package let path: String
  private let descriptor: Descriptor

  /// Opens a file for reading and writing, made if it is not there, and takes its lock; nil where another has it.
  ///
  /// A link is not followed. The holder of the lock may rename the file while it is opened here, so a file that the path no
  /// longer names after locking is let go, and the path opened again.
  package static func openLocked(_ path: String) throws(SystemError) -> OutputFile? {
    while true {
      let file = try open(path)
      let number = file.descriptor.number
      if try nonBlocking("flock", on: path, { flock(number, LOCK_EX | LOCK_NB) }) == nil { return nil }
      let locked = try FileStatus.of(descriptor: number, subject: path)
      guard locked.kind == .regular else { throw SystemError("open", code: EINVAL, on: path) }
      let named: FileStatus?
      do throws(SystemError) {
        named = try FileStatus.of(path: path)
      } catch {
        guard error.isMissingFile else { throw error }
        named = nil
      }
      if let named, named.inode == locked.inode, named.device == locked.device { return file }
    }
  }

  /// Opens a file for reading and writing, made if it is not there unless `create` is false. A link is not followed.
  package static func open(_ path: String, create: Bool = true) throws(SystemError) -> OutputFile {
    let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0)
    // SAFETY: Swift passes a terminated copy of the path for the call's length.
    let number = try retryingInterrupts("open", on: path) { unsafe Glibc.open(path, flags, mode_t(0o666)) }
    return OutputFile(path: path, descriptor: Descriptor(owning: number))
  }

  private init(path: String, descriptor: consuming Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Turns the lock into one that readers may have too.
  package func shareLock() throws(SystemError) {
    let number = descriptor.number
    try retryingInterrupts("flock", on: path) { flock(number, LOCK_SH) }
  }

  /// The bytes in the file now.
  package func size() throws(SystemError) -> UInt64 {
    try FileStatus.of(descriptor: descriptor.number, subject: path).size
  }

  /// Cuts the file, or lets it grow with zeros.
  package func resize(to count: Int) throws(SystemError) {
    let number = descriptor.number
    try retryingInterrupts("ftruncate", on: path) { ftruncate(number, off_t(count)) }
  }

  /// Makes room for `count` bytes, so that a full disk shows before the first byte is fetched.
  ///
  /// In a file system in memory the pages would be cleared now and filled later, which costs a pass over them: there, and where
  /// the file system cannot reserve, only the size is set.
  package func reserve(_ count: Int) throws(SystemError) {
    let number = descriptor.number
    if count > 0, linux_is_memory_file(number) == 0 {
      do throws(SystemError) {
        try retryingInterrupts("fallocate", on: path) { linux_allocate(number, Int64(count)) }
      } catch {
        guard [EOPNOTSUPP, ENOSYS, EINVAL].contains(error.code) else { throw error }
      }
    }
    try resize(to: count)
  }

  /// Writes all filled bytes of a buffer at an offset.
  package func write(_ buffer: ByteBuffer, at offset: Int) throws(SystemError) {
    // SAFETY: the buffer outlives the call.
    unsafe try write(buffer.bytes, at: offset)
  }

  /// Writes bytes at an offset.
  package func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    var result: Result<Void, SystemError> = .success(())
    // SAFETY: the array outlives the call.
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        unsafe try write(buffer, at: offset)
      } catch {
        result = .failure(error)
      }
    }
    try result.get()
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    let number = descriptor.number
    guard !offset.addingReportingOverflow(bytes.count).overflow else {
      throw SystemError("pwrite", code: EFBIG, on: path)
    }
    var written = 0
    while written < bytes.count {
      let done = written
      // SAFETY: the address and length lie within `bytes`, which its owner keeps alive.
      written += try retryingInterrupts("pwrite", on: path) {
        unsafe pwrite(number, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      }
    }
  }

  /// Fills a buffer with the bytes at an offset, at most `most`, and sets its count; fewer only where the file ends.
  package func read(into buffer: ByteBuffer, at offset: Int, most: Int) throws(SystemError) {
    let number = descriptor.number
    let storage = unsafe buffer.storage
    let wanted = min(max(most, 0), storage.count)
    guard !offset.addingReportingOverflow(wanted).overflow else { throw SystemError("pread", code: EFBIG, on: path) }
    var filled = 0
    while filled < wanted {
      let done = filled
      // SAFETY: the address and length lie within the buffer.
      let count = try retryingInterrupts("pread", on: path) {
        unsafe pread(number, storage.baseAddress?.advanced(by: done), wanted - done, off_t(offset + done))
      }
      if count == 0 { break }
      filled += count
    }
    buffer.count = filled
  }

  /// The `count` bytes at an offset; fewer only where the file ends. The caller has checked `count` against a limit.
  package func bytes(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
    let buffer = ByteBuffer(capacity: count)
    try read(into: buffer, at: offset, most: count)
    return buffer.copyBytes()
  }

  /// Waits until the file's bytes and size are on the disk.
  package func synchronize() throws(SystemError) {
    let number = descriptor.number
    try retryingInterrupts("fsync", on: path) { fsync(number) }
  }

  /// Gives the file its final name, replacing what had it, and makes the name durable unless `isDurable` is false.
  package func rename(to target: String, isDurable: Bool = true) throws(SystemError) {
    // SAFETY: Swift passes terminated copies of the paths for the call's length.
    try retryingInterrupts("rename", on: target) { unsafe Glibc.rename(path, target) }
    if isDurable { try OutputFile.synchronizeFolder(of: target) }
  }

  /// Removes the file's name.
  package func remove() throws(SystemError) {
    try OutputFile.remove(path)
  }

  /// Removes a file; one that is not there is no error.
  package static func remove(_ path: String) throws(SystemError) {
    do throws(SystemError) {
      // SAFETY: Swift passes a terminated copy of the path for the call's length.
      try retryingInterrupts("unlink", on: path) { unsafe unlink(path) }
    } catch {
      guard error.isMissingFile else { throw error }
    }
  }

  private static func synchronizeFolder(of path: String) throws(SystemError) {
    let folder = Path.folder(of: path)
    // SAFETY: Swift passes a terminated copy of the path for the call's length.
    let opened = try retryingInterrupts("open", on: folder) {
      unsafe Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    let descriptor = Descriptor(owning: opened)
    let number = descriptor.number
    do throws(SystemError) {
      try retryingInterrupts("fsync", on: folder) { fsync(number) }
    } catch {
      // Some file systems have no fsync(2) for folders.
      guard error.code == EINVAL else { throw error }
    }
  }
}
