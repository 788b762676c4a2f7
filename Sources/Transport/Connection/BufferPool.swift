import Platform

/// Buffers that are used again, since memory that was touched before is several times faster to fill than fresh memory.
/// Confined to the queue of the loop that owns it.
struct BufferPool {
  /// Capacities of buffers that are kept: fewer sizes find more uses.
  private static let sizes = [64 * 1024, 256 * 1024, BodyPiece.fillLimit, BodyPiece.largeFillLimit]
  /// Bytes that are kept at most.
  private let limit: Int
  private var free: [Int: [ByteBuffer]] = [:]
  private(set) var keptBytes = 0

  init(limit: Int) {
    self.limit = limit
  }

  /// An empty buffer with room for `count` bytes.
  mutating func take(_ count: Int) -> ByteBuffer {
    let capacity = BufferPool.sizes.first { $0 >= count } ?? count
    guard let buffer = free[capacity]?.popLast() else { return ByteBuffer(capacity: capacity) }
    keptBytes -= capacity
    buffer.count = 0
    return buffer
  }

  /// Takes back a buffer that nobody else uses.
  mutating func give(_ buffer: ByteBuffer) {
    guard BufferPool.sizes.contains(buffer.capacity), keptBytes + buffer.capacity <= limit else { return }
    keptBytes += buffer.capacity
    free[buffer.capacity, default: []].append(buffer)
  }

  /// Lets all buffers go.
  mutating func removeAll() {
    free = [:]
    keptBytes = 0
  }
}
