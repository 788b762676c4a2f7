import HTTPTypes
import Loader
import Logging
import Transport

/// Finds what answers a request, and has it answered on a worker where that may take time.
struct Router: RequestHandler {
  /// Asked in turn: the first that knows a path has it.
  let groups: [any RouteGroup]
  let workers: WorkerPool
  let authorizer: Authorizer
  let accessLog: AccessLog

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    let exchange = accessLog.begin(request)
    let finish: @Sendable (Response) -> Void = { respond(exchange.finish($0)) }
    let route: Route
    var admitted = request
    do throws(StatusError) {
      route = try admit(&admitted)
    } catch {
      finish(Response(error))
      return
    }
    let request = admitted
    switch route.work {
    case .prompt: finish(answer(request, by: route))
    case .blocking: workers.run { finish(answerUnlessGone(request, by: route)) }
    case .awaiting(let wait):
      workers.run {
        guard !request.cancellation.isCancelled else { return finish(Response(Router.gone)) }
        wait(request) { workers.run { finish(answerUnlessGone(request, by: route)) } }
      }
    }
  }

  private static let gone = StatusError(.canceled, "the client went away")

  /// Nobody waits for the answer of a request whose connection is gone.
  private func answerUnlessGone(_ request: Request, by route: Route) -> Response {
    request.cancellation.isCancelled ? Response(Router.gone) : answer(request, by: route)
  }

  private func answer(_ request: Request, by route: Route) -> Response {
    do throws(StatusError) {
      return try route.answer(request)
    } catch {
      return Response(error)
    }
  }

  /// Finds out what the client may, then what it asks for: who may not read learns nothing of what there is.
  private func admit(_ request: inout Request) throws(StatusError) -> Route {
    let head = request.head
    let path = head.target.form == .asterisk ? ["*"] : head.target.segments
    let routes = groups.lazy.map { $0.routes(at: path) }.first { !$0.isEmpty } ?? []
    if !routes.isEmpty, routes.allSatisfy({ $0.scope == .open }) {
      request.access = (try? authorizer.access(request)) ?? .nothing
    } else {
      request.access = try authorizer.access(request)
    }
    guard !routes.isEmpty else {
      throw StatusError(.notFound, "no such path \(head.target.path.escaped); / lists what there is")
    }
    guard let route = routes.first(where: { $0.methods.contains(head.method) }) else {
      throw .methodNotAllowed(head.method, allow: routes.flatMap(\.methods))
    }
    switch route.scope {
    case .open: break
    case .read: try authorizer.check(request.access, may: .read, head)
    case .admin: try authorizer.check(request.access, may: .admin, head)
    }
    guard route.takesBody || request.body.isEmpty else {
      throw StatusError(.invalidArgument, "\(head.method.rawValue) \(head.target.path.escaped) takes no body")
    }
    return route
  }
}
