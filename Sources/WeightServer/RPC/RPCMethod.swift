import HTTPTypes
import SwiftProtobuf
import Transport

/// A call of the service as a request of the HTTP interface, whose handlers do the work: both faces answer alike, whatever changes.
struct RPCMethod: Sendable {
  /// Its name in the service.
  let name: String
  /// What a client must be allowed to.
  let scope: Route.Scope
  /// Whether it only reads: then a GET will do.
  let isRead: Bool
  /// Reads a message and says what is to be done.
  let begin: @Sendable (RPCRequest) throws(StatusError) -> Call

  /// A call that was read.
  struct Call: Sendable {
    /// What is asked of the HTTP interface.
    let inner: InnerRequest
    /// Makes the response's message of the JSON that was answered.
    let finish: @Sendable ([UInt8]) throws(StatusError) -> [UInt8]
    /// What to ask where that was refused by `failed_precondition`, for the degrees that are possible.
    var dryRun: InnerRequest?
  }

  /// A request of the HTTP interface.
  struct InnerRequest: Sendable {
    var method = HTTPRequest.Method.get
    let path: [String]
    var query: [QueryItems.Item] = []
    var body: [UInt8] = []

    /// The target that it has over HTTP.
    var target: String {
      let path = "/" + path.map { PercentEncoding.encode($0) }.joined(separator: "/")
      return query.isEmpty ? path : "\(path)?\(QueryItems(query).encoded)"
    }
  }

  /// A call of two messages.
  /// - Parameters:
  ///   - member: the member of the response that the answered JSON is; nil for a response that is empty.
  ///   - request: what a message asks of the HTTP interface.
  ///   - dryRun: what it asks for the degrees that are possible.
  init<Input: SwiftProtobuf.Message, Output: SwiftProtobuf.Message>(
    _ name: String, _ input: Input.Type, _ output: Output.Type, scope: Route.Scope = .read,
    member: @escaping @Sendable (Input) -> String?,
    dryRun: @escaping @Sendable (Input) -> InnerRequest? = { _ in nil },
    request: @escaping @Sendable (Input) throws(StatusError) -> InnerRequest
  ) {
    self.name = name
    self.scope = scope
    isRead = scope == .read
    begin = { (call) throws(StatusError) in
      let input = try call.codec.decode(Input.self, call.message)
      return Call(
        inner: try request(input),
        finish: { (json) throws(StatusError) in
          try call.codec.encode(try RPCMethod.response(Output.self, member(input), json))
        }, dryRun: dryRun(input))
    }
  }

  /// The HTTP interface's members have the names that the messages' fields have, so its JSON is read as that of a message.
  private static func response<Output: SwiftProtobuf.Message>(
    _ output: Output.Type, _ member: String?, _ json: [UInt8]
  ) throws(StatusError) -> Output {
    guard let member else { return Output() }
    var options = JSONDecodingOptions()
    options.ignoreUnknownFields = true
    do {
      return try Output(jsonUTF8Bytes: Array("{\"\(member)\":".utf8) + json + Array("}".utf8), options: options)
    } catch {
      throw StatusError(.internalError, "the answer is no \(Output.protoMessageName)")
    }
  }
}
