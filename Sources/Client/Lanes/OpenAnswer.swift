internal import HTTPTypes
internal import Platform
internal import Transport

/// An answer whose head was read and whose body is to come.
struct OpenAnswer {
  /// The server that gives it.
  let exchanger: Exchanger
  /// The connection on which it comes.
  let connection: ClientConnection
  /// What its head says.
  let head: TransferHead

  /// Which bytes of the content its body has.
  var range: Range<Int> { head.range ?? 0..<head.content.length }

  /// Ends it after its last byte: the connection is kept.
  func finish() {
    connection.endBody()
    exchanger.pool.giveBack(connection)
  }

  /// Asks for a partition: all of it, or some bytes if the content still has a tag.
  static func request(
    _ target: String, range: PartialRange?, ifRange tag: EntityTag?, on exchanger: Exchanger, cancel: CancelSignal
  ) throws(WeightClientError) -> OpenAnswer {
    var fields = HTTPFields()
    if let range { fields[.range] = range.field }
    if let tag { fields[.ifRange] = tag.description }
    if exchanger.configuration.verification == .digest { fields[.wantReprDigest] = "sha-256=10" }
    let (connection, head) = try exchanger.send(.get, target, fields: fields, cancel: cancel)
    return OpenAnswer(exchanger: exchanger, connection: connection, head: try TransferHead(head))
  }
}

/// Bytes that are asked for: from a position on, up to another or to the end.
struct PartialRange: Hashable, Sendable {
  /// The first byte.
  let start: Int
  /// The byte behind the last one; nil for the end.
  let end: Int?

  /// The value of `Range` (RFC 9110, section 14.2).
  var field: String { "bytes=\(start)-" + (end.map { "\($0 - 1)" } ?? "") }
}
