package import HTTPTypes

/// The bytes of heads. `HTTPFields` holds no byte that could end a line, so neither does what is written here.
package enum HeadWriter {
  /// A request's head. The target must be one that `RequestTarget` accepts.
  package static func request(
    method: HTTPRequest.Method, target: RequestTarget, fields: HTTPFields
  ) -> [UInt8] {
    var bytes = Array("\(method.rawValue) \(target.raw) HTTP/1.1\r\n".utf8)
    append(fields, to: &bytes)
    return bytes
  }

  /// An answer's head.
  package static func response(status: HTTPResponse.Status, fields: HTTPFields) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    append(status, to: &bytes)
    append(fields, to: &bytes)
    return bytes
  }

  /// Appends a status line.
  static func append(_ status: HTTPResponse.Status, to bytes: inout [UInt8]) {
    bytes += "HTTP/1.1 ".utf8
    append(decimal: status.code, to: &bytes)
    bytes.append(ASCII.space)
    bytes += status.reasonPhrase.utf8
    bytes += "\r\n".utf8
  }

  /// Appends a field line.
  static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes += name.utf8
    bytes += value.utf8
    bytes += "\r\n".utf8
  }

  /// Appends a number that is not negative.
  static func append(decimal number: Int, to bytes: inout [UInt8]) {
    if number >= 10 { append(decimal: number / 10, to: &bytes) }
    bytes.append(0x30 + UInt8(truncatingIfNeeded: number % 10))
  }

  /// `HTTP/1.1 100 Continue`.
  package static let `continue`: [UInt8] = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Appends fields and the end of the head.
  /// - Parameter isOwn: whether fields that are the connection's to say are left out.
  static func append(_ fields: HTTPFields, to bytes: inout [UInt8], isOwn: Bool = false) {
    for field in fields where !(isOwn && isConnections(field.name.canonicalName)) {
      bytes += field.name.rawName.utf8
      bytes += ": ".utf8
      bytes += field.value.utf8
      bytes += "\r\n".utf8
    }
    bytes += "\r\n".utf8
  }

  private static func isConnections(_ name: String) -> Bool {
    // Most names are told apart by their lengths.
    switch name.utf8.count {
    case 4: name == "date"
    case 10: name == "connection" || name == "keep-alive"
    case 14: name == "content-length"
    case 17: name == "transfer-encoding"
    default: false
    }
  }
}
