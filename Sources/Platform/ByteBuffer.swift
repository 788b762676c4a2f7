import Glibc

/// A block of memory that is filled and emptied over and over: the window of a copy.
///
/// It has one owner at a time. A connection hands it to a worker queue to be filled and gets it back.
/// SAFETY: `@unchecked Sendable` because ownership passes with the reference: whoever was handed the buffer last is the only
/// one to touch it until it hands it on.
@safe public final class ByteBuffer: @unchecked Sendable {
  /// Bytes that fit.
  public let capacity: Int
  /// Bytes that are filled, from the start.
  public var count = 0
  private let base: UnsafeMutableRawPointer

  /// Allocates `capacity` bytes, aligned to a page, untouched until they are written.
  public init(capacity: Int) {
    self.capacity = max(capacity, 1)
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 4096)
  }

  deinit {
    unsafe base.deallocate()
  }

  /// The filled bytes.
  @unsafe public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

  /// All of the memory, filled or not.
  @unsafe public var storage: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: base, count: capacity)
  }

  /// The filled bytes as an array.
  public func copyBytes() -> [UInt8] {
    unsafe [UInt8](bytes)
  }
}
