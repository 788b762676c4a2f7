internal import HTTPTypes
internal import Transport

/// What a transfer needs to know of an answer that has a partition's bytes.
struct TransferHead: Hashable, Sendable {
  /// The content that the body is of, or of which it is a part.
  let content: TransferContent
  /// Which part of it, for 206; nil where the body is the whole.
  let range: Range<Int>?

  /// A head.
  init(content: TransferContent, range: Range<Int>? = nil) {
    self.content = content
    self.range = range
  }

  /// Reads the head of an answer with status 200 or 206.
  /// - Throws: a content error for any other status, and where the length or the range is missing or malformed.
  init(_ head: ResponseHead) throws(WeightClientError) {
    let requestID = head.fields[.requestID]
    func malformed(_ message: String) -> WeightClientError {
      WeightClientError(
        .content, .internalError, "malformed answer: \(message)", requestID: requestID, status: head.status.code)
    }
    guard case .length(let count)? = try? head.framing(for: .get) else {
      throw malformed("status \(head.status.code) without a Content-Length; a partition is sent with its length")
    }
    var total = count
    switch head.status.code {
    case 200: range = nil
    case 206:
      let value = head.fields[.contentRange] ?? ""
      guard let part = ContentRange(parsing: value), part.range.count == count else {
        throw malformed("status 206 with Content-Range '\(value.utf8.printable)' and a body of \(count) bytes")
      }
      range = part.range
      total = part.total
    default: throw malformed("status \(head.status.code) where 200 or 206 is expected")
    }
    content = TransferContent(
      tag: head.fields[.eTag].flatMap { EntityTag(parsing: $0) }, length: total,
      revision: head.fields[.manifestRevision],
      digest: head.fields[.reprDigest].flatMap { ReprDigest.sha256(in: $0) })
  }
}
