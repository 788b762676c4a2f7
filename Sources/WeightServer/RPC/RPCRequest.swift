import HTTPTypes
import Loader
import Platform
import Transport

/// A unary call as the Connect protocol sends it over HTTP: in the body of a POST, or in the query of a GET.
///
/// Source: connectrpc.com/docs/protocol, "Unary RPCs".
struct RPCRequest: Sendable {
  /// The format of the message, and of the answer.
  let codec: RPCCodec
  /// The message, not compressed.
  let message: [UInt8]

  /// Bytes that a message may be unfolded to.
  static let sizeLimit = 4 << 20

  /// Reads a request.
  /// - Throws: 415 for another media type, `unimplemented` for a compression other than gzip, `invalid_argument` for what is malformed.
  init(_ request: Request) throws(StatusError) {
    let fields = request.head.fields
    if let version = fields[.connectProtocolVersion], version != "1" {
      throw StatusError(
        .invalidArgument, "Connect-Protocol-Version '\(version.utf8.printable)' is not spoken here: it is 1")
    }
    if request.head.method == .get {
      self = try RPCRequest(query: request.head.target.queryItems(), body: request.body)
      return
    }
    let type = fields[.contentType] ?? ""
    guard let codec = RPCCodec(mediaType: type) else {
      var allowed = HTTPFields()
      allowed[.acceptPost] = RPCCodec.allCases.map(\.mediaType).joined(separator: ", ")
      throw StatusError(
        .unimplemented,
        "Content-Type '\(type.utf8.printable)' is not spoken here: it is \(RPCCodec.allCases.map(\.mediaType).joined(separator: " or "))",
        status: .unsupportedMediaType, fields: allowed)
    }
    self.codec = codec
    message = try RPCRequest.unfold(request.body, compression: fields[.contentEncoding])
  }

  private init(query: QueryItems, body: [UInt8]) throws(StatusError) {
    guard body.isEmpty else {
      throw StatusError(.invalidArgument, "a GET of a call takes no body: its message is in the query")
    }
    for item in query.items where !RPCRequest.parameters.contains(item.name) {
      throw StatusError(
        .invalidArgument,
        "unknown parameter \(item.name.escaped); a call has \(RPCRequest.parameters.sorted().joined(separator: ", "))")
    }
    if let version = try query.value(of: "connect"), version != "v1" {
      throw StatusError(.invalidArgument, "connect=\(version.escaped) is not spoken here: it is v1")
    }
    guard let name = try query.value(of: "encoding"), let codec = RPCCodec(rawValue: name) else {
      throw StatusError(.invalidArgument, "encoding is required: json or proto")
    }
    guard let text = try query.value(of: "message") else {
      throw StatusError(.invalidArgument, "message is required, be it empty")
    }
    self.codec = codec
    var bytes = Array(text.utf8)
    switch try query.value(of: "base64") {
    case nil, "0": break
    case "1":
      guard let decoded = Base64.decode(bytes) else {
        throw StatusError(.invalidArgument, "message is not base64 of the URL's alphabet, which base64=1 says it is")
      }
      bytes = decoded
    case let other?: throw StatusError(.invalidArgument, "base64=\(other.escaped) is not 1")
    }
    message = try RPCRequest.unfold(bytes, compression: try query.value(of: "compression"))
  }

  private static let parameters: Set<String> = ["message", "encoding", "base64", "compression", "connect"]

  /// The bytes of a message that may be compressed: clients may do so unasked, and one of them does by default.
  private static func unfold(_ bytes: [UInt8], compression: String?) throws(StatusError) -> [UInt8] {
    switch compression {
    case nil, "", "identity": return bytes
    case "gzip":
      // A client that compresses by default does so with nothing too.
      if bytes.isEmpty { return [] }
      do throws(Gzip.Failure) {
        return try Gzip.decode(bytes, limit: sizeLimit)
      } catch {
        switch error {
        case .malformed: throw StatusError(.invalidArgument, "the message is not gzip, which its encoding says it is")
        case .tooLarge: throw StatusError(.resourceExhausted, "the message has more than \(sizeLimit) bytes")
        }
      }
    case let other?:
      var fields = HTTPFields()
      fields[.acceptEncoding] = "gzip, identity"
      throw StatusError(
        .unimplemented, "compression '\(other.utf8.printable)' is not known: supported are gzip and identity",
        fields: fields)
    }
  }
}

extension HTTPField.Name {
  /// Which version of the Connect protocol a client speaks.
  static let connectProtocolVersion = known("Connect-Protocol-Version")
  /// The media types that a POST may have.
  static let acceptPost = known("Accept-Post")
}
