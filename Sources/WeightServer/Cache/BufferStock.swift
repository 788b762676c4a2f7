import Loader
import Platform
import Synchronization

/// Windows that the makers of partitions use again: as many as work at a time, however many partitions are being made.
final class BufferStock: Sendable {
  /// Windows that are kept when nobody uses them.
  private static let keptLimit = 4

  private let free = Mutex<[ByteBuffer]>([])

  /// Lends a window of `WindowCursor.largestWindow` bytes.
  func withBuffer<Result>(_ body: (ByteBuffer) throws -> Result) rethrows -> Result {
    let buffer = free.withLock { $0.popLast() } ?? ByteBuffer(capacity: WindowCursor.largestWindow)
    defer { free.withLock { if $0.count < BufferStock.keptLimit { $0.append(buffer) } } }
    return try body(buffer)
  }
}
