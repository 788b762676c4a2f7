internal import Loader
internal import Platform

/// The first bytes of a partition, its header, kept by those who pass the rest on.
///
/// `@unchecked Sendable`: one thread at a time uses it.
final class FrontBytes: @unchecked Sendable {
  private var content: TransferContent?
  private var stored: [UInt8] = []
  private let buffer = ByteBuffer(capacity: 64 * 1024)

  /// Forgets what was kept, and begins with another content.
  func begin(_ content: TransferContent) {
    self.content = content
    stored = []
  }

  /// Bytes that belong to the header, as far as that is known.
  private func end() throws(WeightClientError) -> Int {
    guard let content, stored.count >= 8 else { return 8 }
    do throws(SafetensorsHeader.Failure) {
      return 8 + (try SafetensorsHeader.length(prefix: Array(stored.prefix(8)), fileSize: UInt64(content.length)))
    } catch {
      throw WeightClientError(error, subject: "the partition")
    }
  }

  /// Receives bytes of the header, none behind it.
  func receive(
    _ range: Range<Int>, from connection: ClientConnection, within limit: Duration, digest: RunningDigest?,
    cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    let wanted = min(try end() - range.lowerBound, range.count, buffer.capacity)
    let count = try connection.receiveBody(into: buffer, most: wanted, within: limit, cancel: cancel)
    digest?.add(buffer)
    stored += buffer.copyBytes()
    return count
  }

  /// The header, once all of it is there.
  func header() throws(WeightClientError) -> SafetensorsHeader? {
    guard let content, stored.count >= 8, stored.count == (try end()) else { return nil }
    return try SafetensorsHeader.reading(size: content.length, subject: "the partition", bytes: bytes)
  }

  /// Bytes that were kept.
  func bytes(_ range: Range<Int>) throws(WeightClientError) -> [UInt8] {
    guard range.upperBound <= stored.count else {
      throw WeightClientError(.content, .dataLoss, "the partition ended inside its header")
    }
    return Array(stored[range])
  }
}
