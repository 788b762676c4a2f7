import HTTPTypes
import Transport

/// What a HEAD of a partition is answered with, once it was answered so.
struct PartitionHead: Sendable {
  /// How long it may be answered so without looking at the files. A GET looks each time.
  static let lifetime = Duration.milliseconds(20)

  /// The partition.
  let identity: String
  private let fields: HTTPFields
  private let length: Int

  /// Keeps an answer's head.
  init(_ response: Response, identity: String) {
    self.identity = identity
    fields = response.fields
    length = response.body.length
  }

  /// Whether the digest is told.
  var hasDigest: Bool { fields.contains(.reprDigest) }

  /// The answer.
  var response: Response { Response(fields: fields, body: .source(length: length, PieceList([]))) }
}
