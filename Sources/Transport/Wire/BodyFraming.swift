package import HTTPTypes

/// How the end of a message's body is known (RFC 9112 section 6.3).
package enum BodyFraming: Hashable, Sendable {
  /// There is no body.
  case none
  /// Exactly so many bytes.
  case length(Int)
  /// Chunks, until the one of no bytes.
  case chunked
  /// Everything until the connection closes: only answers have it, and whether they are whole cannot be known.
  case untilClose

  /// The framing of a request.
  /// - Throws: 400 for both ways at once or a malformed one, 501 for a coding other than `chunked`.
  package static func request(fields: HTTPFields, version: HTTPVersion) throws(StatusError) -> BodyFraming {
    guard let explicit = try stated(fields: fields, version: version) else { return .none }
    return explicit == .length(0) ? .none : explicit
  }

  /// The framing of an answer with this status to a request with this method.
  /// - Throws: `internal` for both ways at once, a malformed one, or a coding other than `chunked`.
  package static func response(
    status: HTTPResponse.Status, to method: HTTPRequest.Method, fields: HTTPFields, version: HTTPVersion
  ) throws(StatusError) -> BodyFraming {
    let bodiless = method == .head || (100..<200).contains(status.code) || status.code == 204 || status.code == 304
    do throws(StatusError) {
      let explicit = try stated(fields: fields, version: version)
      return bodiless ? .none : explicit ?? .untilClose
    } catch {
      throw StatusError(.internalError, "malformed answer: \(error.message)")
    }
  }

  private static func stated(fields: HTTPFields, version: HTTPVersion) throws(StatusError) -> BodyFraming? {
    let length = fields[.contentLength]
    if let coding = fields[.transferEncoding] {
      if length != nil {
        throw StatusError(
          .invalidArgument, "Content-Length and Transfer-Encoding stand together: only one may")
      }
      if version == .http10 {
        throw StatusError(.invalidArgument, "Transfer-Encoding stands in an HTTP/1.0 message: it has none")
      }
      try checkCoding(coding)
      return .chunked
    }
    guard let length else { return nil }
    guard let count = ASCII.decimal(length.utf8) else {
      throw StatusError(
        .invalidArgument, "Content-Length '\(length.utf8.printable)' is not a number of bytes from 0 to \(Int.max)")
    }
    return .length(count)
  }

  /// Accepts `chunked` alone.
  private static func checkCoding(_ value: String) throws(StatusError) {
    if ASCII.isEqual(value.utf8, ignoringCase: "chunked") { return }
    let codings = ASCII.list(value)
    let chunked = codings.map { ASCII.isEqual($0, ignoringCase: "chunked") }
    let names = codings.allSatisfy { $0.allSatisfy { ASCII.isToken($0) || $0 == 0x3B || $0 == 0x3D || $0 == 0x20 } }
    if codings.isEmpty || !names || chunked.dropLast().contains(true) {
      throw StatusError(
        .invalidArgument, "Transfer-Encoding '\(value.utf8.printable)' is malformed: 'chunked' must come last and once")
    }
    if chunked == [true] {
      throw StatusError(.invalidArgument, "Transfer-Encoding '\(value.utf8.printable)' must be exactly 'chunked'")
    }
    throw StatusError(
      .unimplemented, "Transfer-Encoding '\(value.utf8.printable)' is not supported: only 'chunked' is")
  }
}
