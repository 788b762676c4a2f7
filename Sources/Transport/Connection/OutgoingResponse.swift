import HTTPTypes
import Platform

/// An answer as it goes over a connection: the bytes of its head, and its body if the request is answered with one.
struct OutgoingResponse: Sendable {
  /// The status, for the record.
  let status: HTTPResponse.Status
  /// The head's bytes.
  let head: [UInt8]
  /// The body; `none` where only its length is told.
  let body: Response.Body
  /// A descriptor that goes beside the first byte of the head.
  let descriptor: PassedDescriptor?
  /// Whom to tell how the sending ended.
  var onDelivery: (@Sendable (Response.Delivery) -> Void)?
  /// The error that this tells of, where no handler was asked.
  var refusal: StatusError?

  /// Writes an answer's head.
  /// - Parameters:
  ///   - method: the request's method, nil where no request could be read.
  ///   - version: the request's version.
  ///   - closes: whether the connection is closed after it.
  ///   - date: the time, as `HTTPDate.format` writes it.
  init(_ response: Response, method: HTTPRequest.Method?, version: HTTPVersion, closes: Bool, date: String) {
    status = response.status
    descriptor = response.descriptor
    onDelivery = response.onDelivery
    let isBodiless = (100..<200).contains(status.code) || status.code == 204 || status.code == 304
    body = isBodiless || method == .head ? .none : response.body
    var own = ""
    if !isBodiless { own += "Content-Length: \(response.body.length)\r\n" }
    own += "Date: \(date)\r\n"
    if closes {
      own += "Connection: close\r\n"
    } else if version == .http10 {
      own += "Connection: keep-alive\r\n"
    }
    // The field that tells of a descriptor is this connection's alone.
    if descriptor != nil { own += "Connection: Content-Descriptor\r\n" }
    head = HeadWriter.response(status: status, fields: response.fields, connectionFields: own)
  }
}
