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
    response(status: status, fields: fields, connectionFields: "")
  }

  /// An answer's head with lines that the connection adds, each with its end. Fields that are the connection's to say are left out.
  static func response(status: HTTPResponse.Status, fields: HTTPFields, connectionFields: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    bytes += "HTTP/1.1 ".utf8
    bytes += String(status.code).utf8
    bytes.append(ASCII.space)
    bytes += status.reasonPhrase.utf8
    bytes += "\r\n".utf8
    bytes += connectionFields.utf8
    append(fields, to: &bytes, isOwn: !connectionFields.isEmpty)
    return bytes
  }

  /// `HTTP/1.1 100 Continue`.
  package static let `continue`: [UInt8] = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  private static func append(_ fields: HTTPFields, to bytes: inout [UInt8], isOwn: Bool = false) {
    for field in fields where !(isOwn && isConnections(field.name)) {
      bytes += field.name.rawName.utf8
      bytes += ": ".utf8
      bytes += field.value.utf8
      bytes += "\r\n".utf8
    }
    bytes += "\r\n".utf8
  }

  private static func isConnections(_ name: HTTPField.Name) -> Bool {
    switch name.canonicalName {
    case "content-length", "date", "connection", "transfer-encoding", "keep-alive": true
    default: false
    }
  }
}
