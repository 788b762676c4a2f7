package import HTTPTypes
package import Platform

/// An answer. The connection adds `Content-Length`, `Date` and `Connection`, and leaves the body out for HEAD, 204 and 304.
package struct Response: Sendable {
  /// The bytes after the head.
  package enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// A body that is made as it is sent, of exactly `length` bytes.
    case source(length: Int, any BodySource)

    /// Bytes in the body.
    package var length: Int {
      switch self {
      case .none: 0
      case .bytes(let bytes): bytes.count
      case .source(let length, _): length
      }
    }
  }

  /// How the sending of an answer ended.
  package struct Delivery: Hashable, Sendable {
    /// The status that was sent, another than the answer's where it could not be begun; nil where no head left.
    package let status: HTTPResponse.Status?
    /// Bytes of head and body that were handed to the kernel.
    package let bytesSent: Int
    /// Whether the whole answer was.
    package let isComplete: Bool

    /// How a sending ended.
    package init(status: HTTPResponse.Status?, bytesSent: Int, isComplete: Bool) {
      self.status = status
      self.bytesSent = bytesSent
      self.isComplete = isComplete
    }
  }

  /// The status.
  package var status: HTTPResponse.Status
  /// The fields of the head.
  package var fields: HTTPFields
  /// The body.
  package var body: Body
  /// Whether the connection is closed after the answer whatever the client wants.
  package var closesConnection = false
  /// A descriptor that goes beside the first byte of the head; to a client of a Unix-domain socket alone.
  package var descriptor: PassedDescriptor?
  /// Counts the answer's bytes as they leave.
  package var meter: SendMeter?
  /// The request's name, sent as `X-Request-Id` where it is to be.
  package var requestName: RequestName?
  /// Called once, on the connection's queue, when the answer was sent or given up: to log it and free what it holds.
  package var onDelivery: (@Sendable (Delivery) -> Void)?

  /// Puts an answer together.
  package init(status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), body: Body = .none) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// The answer that tells a client of an error.
  package init(_ error: StatusError) {
    self.init(status: error.status, fields: error.responseFields, body: .bytes(error.body))
  }

  /// An answer with a JSON text.
  package init(status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), json: JSONWriter) {
    self.init(status: status, fields: fields, body: .bytes(json.bytes))
    self.fields[.contentType] = "application/json"
  }
}
