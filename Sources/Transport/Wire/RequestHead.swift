package import HTTPTypes

/// The head of a request, checked: what follows it can be read without doubt about where it ends.
package struct RequestHead: Hashable, Sendable {
  /// The method.
  package let method: HTTPRequest.Method
  /// What is asked for.
  package let target: RequestTarget
  /// The version that the client speaks.
  package let version: HTTPVersion
  /// The header fields in order.
  package let fields: HTTPFields
  /// How the body's end is known; never `untilClose`.
  package let framing: BodyFraming
  /// Whether the client wants to keep the connection for more requests (RFC 9112 section 9.3).
  package let keepsAlive: Bool
  /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
  package let expectsContinue: Bool

  /// Checks what the request line and the fields say together.
  /// - Throws: 400 for a missing or malformed Host, 417 for an unknown expectation, and as `BodyFraming.request` does.
  package init(
    method: HTTPRequest.Method, target: RequestTarget, version: HTTPVersion, fields: HTTPFields
  ) throws(StatusError) {
    self.method = method
    self.target = target
    self.version = version
    self.fields = fields
    if let host = fields[.hostName] {
      guard RequestTarget.isHost(host.utf8) else {
        throw StatusError(.invalidArgument, "Host '\(host.utf8.printable)' is not a host and port")
      }
    } else if version == .http11 {
      throw StatusError(.invalidArgument, "Host is missing: an HTTP/1.1 request must have it")
    }
    framing = try BodyFraming.request(fields: fields, version: version)
    keepsAlive = ConnectionOptions(fields: fields).keepsAlive(version: version)
    expectsContinue = try RequestHead.expectsContinue(fields: fields, version: version) && framing != .none
  }

  private static func expectsContinue(fields: HTTPFields, version: HTTPVersion) throws(StatusError) -> Bool {
    guard version == .http11, let expectation = fields[.expect] else { return false }
    guard ASCII.isEqual(expectation.utf8, ignoringCase: "100-continue") else {
      throw StatusError(
        .invalidArgument, "Expect '\(expectation.utf8.printable)' is not known: only '100-continue' is",
        status: .expectationFailed)
    }
    return true
  }
}
