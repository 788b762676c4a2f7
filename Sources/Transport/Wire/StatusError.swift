package import HTTPTypes
import Platform

/// An error as a client sees it: a canonical code, one line that says what was wrong, and the HTTP status it travels with.
///
/// The body is the Connect protocol's: `{"code":"not_found","message":"…","details":[]}`.
package struct StatusError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The canonical code.
  package var code: ErrorCode
  /// What was wrong, with which value, and what would be right: one line, printable.
  package var message: String
  /// The HTTP status: the code's own, unless HTTP has a narrower one.
  package var status: HTTPResponse.Status
  /// Fields of the answer besides those that the code asks for, such as `Allow` or `Content-Range`.
  package var fields: HTTPFields
  /// Seconds after which a new try makes sense; sent as `Retry-After` with `unavailable` and `resource_exhausted`.
  package var retryAfter = 1
  /// The limit that was reached, where that is what is wrong.
  package var limit: Limit?
  /// What a program may read of the error besides its code.
  package var details: [Detail] = []

  /// A message of protobuf that tells a program more.
  package struct Detail: Hashable, Sendable {
    /// The message's full name.
    package let type: String
    /// The message in its binary format.
    package let value: [UInt8]

    /// A message of a type.
    package init(type: String, value: [UInt8]) {
      self.type = type
      self.value = value
    }
  }

  /// Describes an error; `status` replaces the code's own HTTP status.
  package init(
    _ code: ErrorCode, _ message: String, status: HTTPResponse.Status? = nil, fields: HTTPFields = HTTPFields(),
    limit: Limit? = nil
  ) {
    self.code = code
    self.message = message
    self.status = status ?? code.status
    self.fields = fields
    self.limit = limit
  }

  package var description: String { "\(code.rawValue): \(message)" }

  /// 405 with the methods that the resource has (RFC 9110 section 15.5.6).
  package static func methodNotAllowed(
    _ method: HTTPRequest.Method, allow: [HTTPRequest.Method]
  ) -> StatusError {
    let list = allow.map(\.rawValue).joined(separator: ", ")
    var fields = HTTPFields()
    fields[.allow] = list
    return StatusError(
      .unimplemented, "method \(method.rawValue.utf8.printable) is not allowed here: allowed are \(list)",
      status: .methodNotAllowed, fields: fields)
  }

  /// All fields of the answer that describe its body or ask something of the client.
  package var responseFields: HTTPFields {
    var fields = fields
    fields[.contentType] = "application/json"
    switch code {
    case .unavailable, .resourceExhausted:
      if fields[.retryAfter] == nil { fields[.retryAfter] = String(max(retryAfter, 0)) }
    case .unauthenticated:
      if fields[.wwwAuthenticate] == nil { fields[.wwwAuthenticate] = "Bearer" }
    default: break
    }
    return fields
  }

  /// The JSON body.
  package var body: [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.member("code", code.rawValue)
      $0.member("message", message)
      $0.key("details")
      $0.array { json in
        for detail in details {
          json.object { json in
            json.member("type", detail.type)
            json.member("value", Base64.encode(detail.value))
          }
        }
      }
    }
    return writer.bytes
  }
}
