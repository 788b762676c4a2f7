import HTTPTypes
import Loader
import RPCMessages
import Transport

/// The RPC interface: `weightserver.v1.WeightService` and `grpc.health.v1.Health/Check`, as the Connect protocol's unary calls.
///
/// Source: connectrpc.com/docs/protocol; grpc/grpc-proto `grpc/health/v1/health.proto`.
struct RPCRoutes: RouteGroup {
  /// The routes of the HTTP interface, whose handlers do the work.
  let groups: [any RouteGroup]
  let catalog: Catalog

  private static let health = "grpc.health.v1.Health"

  func routes(at path: [String]) -> [Route] {
    guard path.count == 2 else { return [] }
    switch path[0] {
    case RPCMethod.service:
      guard let method = RPCMethod.all.first(where: { $0.name == path[1] }) else { return [RPCRoutes.unknown(path)] }
      let exchange = RPCExchange(method, groups: groups)
      return [
        Route(
          method.isRead ? [.get, .post] : [.post], scope: method.scope, takesBody: true,
          work: .awaiting { request, then in exchange.prepare(request, then: then) }, answer: exchange.answer)
      ]
    case RPCRoutes.health:
      guard path[1] == "Check" else { return [RPCRoutes.unknown(path)] }
      return [Route([.get, .post], scope: .open, takesBody: true, work: .prompt, answer: check)]
    default: return []
    }
  }

  private static func unknown(_ path: [String]) -> Route {
    Route([.get, .post], scope: .open, takesBody: true, work: .prompt) { (_) throws(StatusError) in
      throw StatusError(.unimplemented, "\(path[0]) has no call \(path[1].escaped)", status: .notFound)
    }
  }

  /// Whether the server, or one of its services, can do its job.
  private func check(_ request: Request) throws(StatusError) -> Response {
    let outer = try RPCRequest(request)
    let message = try outer.codec.decode(Grpc_Health_V1_HealthCheckRequest.self, outer.message)
    guard ["", RPCMethod.service, RPCRoutes.health].contains(message.service) else {
      throw StatusError(.notFound, "no service \(message.service.escaped)")
    }
    var answer = Grpc_Health_V1_HealthCheckResponse()
    answer.status = catalog.readiness(for: request.access) == .ready ? .serving : .notServing
    var response = Response(body: .bytes(try outer.codec.encode(answer)))
    response.fields[.contentType] = outer.codec.mediaType
    return response.answering(request)
  }
}
