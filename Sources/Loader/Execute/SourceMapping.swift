import Glibc
import Platform

/// A file of a checkpoint in the address space, to be read in small pieces.
///
/// SAFETY: `@unchecked Sendable` because the mapping is read-only and never moves while the object lives. Its bytes are only read by
/// `linux_gather`, which survives a file that is cut.
@safe final class SourceMapping: @unchecked Sendable {
  /// The first byte.
  @unsafe let base: UnsafePointer<UInt8>
  /// Bytes that are mapped: the file's size when it was opened.
  let count: Int

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
  }

  deinit {
    // SAFETY: exactly what `mmap` gave is given back, and nobody refers to it any more.
    unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
  }
}
