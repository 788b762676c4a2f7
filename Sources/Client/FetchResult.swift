/// What a fetch has brought.
public struct FetchResult: Sendable, Hashable {
  /// Bytes of the partition.
  public let byteCount: Int
  /// Bytes that an earlier transfer had stored, and that were not fetched again.
  public let resumedFrom: Int
  /// The strong tag of the content, as the server wrote it.
  public let entityTag: String?
  /// The revision of the manifest that the content is of.
  public let revision: String?
  /// Tries that were made.
  public let attempts: Int
  /// From the first try's start until the result was complete.
  public let duration: Duration
  /// The SHA-256 of the partition, where one was made.
  public let sha256: [UInt8]?
  /// Whether the server stated that SHA-256 too.
  public let isDigestConfirmed: Bool
}
