import HTTPTypes
import Platform

/// An answer as it goes over a connection: the bytes of its head, and its body if the request is answered with one.
struct OutgoingResponse: Sendable {
  /// Bytes of a body that is joined to its head, at most: one call sends both, and so one packet where they fit.
  static let joinLimit = 16 * 1024

  /// The status, for the record.
  let status: HTTPResponse.Status
  /// The head's bytes, and those of a short body.
  let head: [UInt8]
  /// The body; `none` where only its length is told, or it is in `head`.
  let body: Response.Body
  /// A descriptor that goes beside the first byte of the head.
  let descriptor: PassedDescriptor?
  /// Counts the bytes as they leave.
  let meter: SendMeter?
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
    meter = response.meter
    onDelivery = response.onDelivery
    let isBodiless = (100..<200).contains(status.code) || status.code == 204 || status.code == 304
    let hasBody = !isBodiless && method != .head
    let length = response.body.length
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + (hasBody && length <= OutgoingResponse.joinLimit ? length : 0))
    HeadWriter.append(status, to: &bytes)
    if !isBodiless {
      bytes += "Content-Length: ".utf8
      HeadWriter.append(decimal: max(length, 0), to: &bytes)
      bytes += "\r\n".utf8
    }
    // The field that tells of a descriptor is this connection's alone.
    if descriptor != nil { bytes += "Connection: Content-Descriptor\r\n".utf8 }
    HeadWriter.append("Date: ", date, to: &bytes)
    if closes {
      bytes += "Connection: close\r\n".utf8
    } else if version == .http10 {
      bytes += "Connection: keep-alive\r\n".utf8
    }
    if let name = response.requestName {
      bytes += "X-Request-Id: ".utf8
      name.append(to: &bytes)
      bytes += "\r\n".utf8
    }
    HeadWriter.append(response.fields, to: &bytes, isOwn: true)
    if hasBody, case .bytes(let short) = response.body, length <= OutgoingResponse.joinLimit {
      bytes += short
      body = .none
    } else {
      body = hasBody ? response.body : .none
    }
    head = bytes
  }
}
