import HTTPTypes
import Loader
import Logging
import Transport

/// Finds what answers a request, and has it answered on a worker where that may take time.
struct Router: RequestHandler {
  /// Asked in turn: the first that knows a path has it.
  let groups: [any RouteGroup]
  let workers: WorkerPool
  let accessLog: AccessLog
  /// The routes of paths that were asked for, which are the few fixed ones: finding them anew would cost more than answering.
  private let known = Memo<String, [Route]>(limit: 64)

  init(groups: [any RouteGroup], workers: WorkerPool, accessLog: AccessLog) {
    self.groups = groups
    self.workers = workers
    self.accessLog = accessLog
  }

  func answerAtOnce(_ request: Request) -> Response? {
    guard let route = try? find(request) else { return nil }
    if case .prompt = route.work {
      let exchange = accessLog.begin(request)
      return exchange.finish(answer(request, by: route))
    }
    guard let atOnce = route.atOnce else { return nil }
    let exchange = accessLog.begin(request)
    return atOnce(request).map(exchange.finish)
  }

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    let exchange = accessLog.begin(request)
    let finish: @Sendable (Response) -> Void = { respond(exchange.finish($0)) }
    let route: Route
    do throws(StatusError) {
      route = try find(request)
    } catch {
      finish(Response(error))
      return
    }
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

  private func find(_ request: Request) throws(StatusError) -> Route {
    let head = request.head
    let routes = routes(at: head.target)
    guard !routes.isEmpty else {
      throw StatusError(.notFound, "no such path \(head.target.path.escaped); / lists what there is")
    }
    guard let route = routes.first(where: { $0.methods.contains(head.method) }) else {
      throw .methodNotAllowed(head.method, allow: routes.flatMap(\.methods))
    }
    guard route.takesBody || request.body.isEmpty else {
      throw StatusError(.invalidArgument, "\(head.method.rawValue) \(head.target.path.escaped) takes no body")
    }
    return route
  }

  private func routes(at target: RequestTarget) -> [Route] {
    if let routes = known[target.path] { return routes }
    let path = target.form == .asterisk ? ["*"] : target.segments
    for group in groups {
      let routes = group.routes(at: path)
      guard !routes.isEmpty else { continue }
      // Longer paths hold names, of which there may be any number.
      if path.count <= 1 { known[target.path] = routes }
      return routes
    }
    return []
  }
}
