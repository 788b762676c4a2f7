/// Memory that the TLS sessions of one queue share: each needs it only while it sends.
///
/// SAFETY: `@unchecked Sendable` because it is touched on its owner's queue only.
package final class TLSBuffers: @unchecked Sendable {
  /// Bytes of a file that are read, encrypted and sent at a time: they stay in the processor's cache meanwhile.
  static let windowSize = 128 * 1024
  /// Room for the records of a window, and for some of the protocol's own.
  static let outboxSize = windowSize + 32 * 1024
  /// Outboxes that are kept.
  private static let limit = 16

  private var outboxes: [ByteBuffer] = []
  private var kept: ByteBuffer?

  /// No memory yet.
  package init() {}

  /// Where bytes of a file are read into, to be encrypted at once.
  func window() -> ByteBuffer {
    if let kept { return kept }
    let window = ByteBuffer(capacity: TLSBuffers.windowSize)
    kept = window
    return window
  }

  /// An empty outbox.
  func takeOutbox() -> ByteBuffer {
    guard let buffer = outboxes.popLast() else { return ByteBuffer(capacity: TLSBuffers.outboxSize) }
    buffer.count = 0
    return buffer
  }

  /// Takes back an outbox.
  func giveOutbox(_ buffer: ByteBuffer) {
    if buffer.capacity == TLSBuffers.outboxSize, outboxes.count < TLSBuffers.limit { outboxes.append(buffer) }
  }

  /// Lets the memory go.
  package func removeAll() {
    outboxes = []
    kept = nil
  }
}
