package import HTTPTypes

/// The head of an answer.
package struct ResponseHead: Hashable, Sendable {
  /// The status, with the reason that the server gave.
  package let status: HTTPResponse.Status
  /// The version that the server speaks.
  package let version: HTTPVersion
  /// The header fields in order.
  package let fields: HTTPFields

  /// Puts a head together.
  package init(status: HTTPResponse.Status, version: HTTPVersion, fields: HTTPFields) {
    self.status = status
    self.version = version
    self.fields = fields
  }

  /// Whether another answer to the same request follows (1xx but 101).
  package var isInterim: Bool { (100..<200).contains(status.code) && status.code != 101 }

  /// Whether the connection may be used again once the body is read to its end.
  package var keepsAlive: Bool { ConnectionOptions(fields: fields).keepsAlive(version: version) }

  /// How the body's end is known where this answers a request with this method.
  /// - Throws: `internal` for a head that does not say it without doubt.
  package func framing(for method: HTTPRequest.Method) throws(StatusError) -> BodyFraming {
    try BodyFraming.response(status: status, to: method, fields: fields, version: version)
  }
}
