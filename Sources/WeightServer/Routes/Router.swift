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
  let admission: RequestAdmission
  let accessLog: AccessLog
  /// The routes of paths that were asked for, which are the few fixed ones: finding them anew would cost more than answering.
  private let known = Memo<String, [Route]>(limit: 64)

  init(
    groups: [any RouteGroup], workers: WorkerPool, authorizer: Authorizer, admission: RequestAdmission,
    accessLog: AccessLog
  ) {
    self.groups = groups
    self.workers = workers
    self.authorizer = authorizer
    self.admission = admission
    self.accessLog = accessLog
  }

  func answerAtOnce(_ request: Request) -> Response? {
    let routes = routes(at: request.head.target)
    guard canBeAtOnce(request.head, routes) else { return nil }
    let start = ContinuousClock.now
    var request = request
    do throws(StatusError) {
      let route = try admit(&request, routes)
      let ticket = try admission.begin(request, route.scope)
      let response: Response?
      if case .prompt = route.work { response = answer(request, by: route) } else { response = route.atOnce?(request) }
      guard let response else {
        ticket?.end()
        return nil
      }
      return finish(response, accessLog.begin(request, at: start), ticket)
    } catch {
      return accessLog.begin(request, at: start).finish(Response(error))
    }
  }

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    let exchange = accessLog.begin(request)
    let route: Route
    let ticket: RequestAdmission.Ticket?
    var admitted = request
    do throws(StatusError) {
      route = try admit(&admitted, routes(at: request.head.target))
      ticket = try admission.begin(request, route.scope)
    } catch {
      respond(exchange.finish(Response(error)))
      return
    }
    let request = admitted
    let finish: @Sendable (Response) -> Void = { respond(self.finish($0, exchange, ticket)) }
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

  /// Whether there is a route that answers on the connection's queue.
  private func canBeAtOnce(_ head: RequestHead, _ routes: [Route]) -> Bool {
    guard let route = routes.first(where: { $0.methods.contains(head.method) }) else { return false }
    if case .prompt = route.work { return true }
    return route.atOnce != nil
  }

  /// Has an answer logged, and counted until it was sent or given up.
  private func finish(
    _ response: Response, _ exchange: AccessLog.Exchange, _ ticket: RequestAdmission.Ticket?
  ) -> Response {
    guard let ticket else { return exchange.finish(response) }
    var response = response
    let before = response.onDelivery
    response.onDelivery = { delivery in
      ticket.end()
      before?(delivery)
    }
    return exchange.finish(response)
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
  private func admit(_ request: inout Request, _ routes: [Route]) throws(StatusError) -> Route {
    let head = request.head
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

  private func routes(at target: RequestTarget) -> [Route] {
    if let routes = known[target.path] { return routes }
    let path = target.form == .asterisk ? ["*"] : target.segments
    let routes = groups.lazy.map { $0.routes(at: path) }.first { !$0.isEmpty } ?? []
    // Longer paths hold names, of which there may be any number.
    if path.count <= 1, !routes.isEmpty { known[target.path] = routes }
    return routes
  }
}
