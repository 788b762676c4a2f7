internal import Platform

/// The SHA-256 of the bytes of a content, added in order as they are stored.
///
/// `@unchecked Sendable`: it is passed from thread to thread, and used by one at a time.
final class RunningDigest: @unchecked Sendable {
  /// Bytes that were added, from the content's start.
  private(set) var position = 0
  private var hash = SHA256()

  /// Adds what a buffer holds.
  func add(_ buffer: ByteBuffer) {
    hash.update(buffer)
    position += buffer.count
  }

  /// Adds a range of memory.
  func add(_ memory: MemoryRegion, in range: Range<Int>) {
    hash.update(memory, in: range)
    position += range.count
  }

  /// The digest of all that was added; the next byte added is the first again.
  func finish() -> [UInt8] {
    var finished = SHA256()
    swap(&finished, &hash)
    position = 0
    return finished.finish()
  }
}
