package import HTTPTypes

/// The head of a request, checked: what follows it can be read without doubt about where it ends.
package struct RequestHead: Hashable, Sendable {
  /// The method.
  package var method: HTTPRequest.Method { contents.method }
  /// What is asked for.
  package var target: RequestTarget { contents.target }
  /// The version that the client speaks.
  package var version: HTTPVersion { contents.version }
  /// The header fields in order.
  package var fields: HTTPFields { contents.fields }
  /// How the body's end is known; never `untilClose`.
  package var framing: BodyFraming { contents.framing }
  /// Whether the client wants to keep the connection for more requests (RFC 9112 section 9.3).
  package var keepsAlive: Bool { contents.keepsAlive }
  /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
  package var expectsContinue: Bool { contents.expectsContinue }
  /// Whether any field is there that a time, a precondition or a range is said by, or that asks for a digest: without, nothing of them
  /// has to be looked for.
  package var hasConditions: Bool { contents.hasConditions }

  /// Shared by all copies, so that passing a head on costs one reference.
  private let contents: Contents

  private final class Contents: Sendable {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion
    let fields: HTTPFields
    let framing: BodyFraming
    let keepsAlive: Bool
    let expectsContinue: Bool
    let hasConditions: Bool

    init(
      method: HTTPRequest.Method, target: RequestTarget, version: HTTPVersion, fields: HTTPFields,
      framing: BodyFraming, expectsContinue: Bool
    ) {
      self.method = method
      self.target = target
      self.version = version
      self.fields = fields
      self.framing = framing
      self.expectsContinue = expectsContinue
      keepsAlive = ConnectionOptions(fields: fields).keepsAlive(version: version)
      hasConditions = fields.contains { RequestHead.isCondition($0.name.canonicalName) }
    }
  }

  /// Checks what the request line and the fields say together.
  /// - Throws: 400 for a missing or malformed Host, 417 for an unknown expectation, and as `BodyFraming.request` does.
  package init(
    method: HTTPRequest.Method, target: RequestTarget, version: HTTPVersion, fields: HTTPFields
  ) throws(StatusError) {
    if let host = fields[.hostName] {
      guard RequestTarget.isHost(host.utf8) else {
        throw StatusError(.invalidArgument, "Host '\(host.utf8.printable)' is not a host and port")
      }
    } else if version == .http11 {
      throw StatusError(.invalidArgument, "Host is missing: an HTTP/1.1 request must have it")
    }
    let framing = try BodyFraming.request(fields: fields, version: version)
    let expectsContinue = try RequestHead.expectsContinue(fields: fields, version: version) && framing != .none
    contents = Contents(
      method: method, target: target, version: version, fields: fields, framing: framing,
      expectsContinue: expectsContinue)
  }

  package static func == (one: RequestHead, other: RequestHead) -> Bool {
    if one.contents === other.contents { return true }
    return one.method == other.method && one.target == other.target && one.version == other.version
      && one.fields == other.fields && one.framing == other.framing && one.expectsContinue == other.expectsContinue
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(method)
    hasher.combine(target)
    hasher.combine(version)
    hasher.combine(fields)
  }

  /// Whether a field says a time, a precondition or a range, or asks for a digest.
  private static func isCondition(_ name: String) -> Bool {
    switch name {
    case "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
      "connect-timeout-ms", "grpc-timeout", "want-repr-digest":
      true
    default: false
    }
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
