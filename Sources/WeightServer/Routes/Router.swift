import HTTPTypes
import Loader
import Logging
import Transport

/// Finds what answers a request, and has it answered on a worker where that may take time.
struct Router: RequestHandler {
  let partitions: PartitionRoutes
  let manifests: ManifestRoutes
  let status: StatusRoutes
  let workers: WorkerPool
  let accessLog: AccessLog

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
    guard route.mayBlock else {
      finish(answer(request, by: route))
      return
    }
    workers.run {
      // Nobody waits for the answer of a request whose connection is gone.
      guard !request.cancellation.isCancelled else { return finish(Response(Router.gone)) }
      guard route.mayAwaitDigest else { return finish(answer(request, by: route)) }
      partitions.awaitDigest(request) {
        workers.run { finish(request.cancellation.isCancelled ? Response(Router.gone) : answer(request, by: route)) }
      }
    }
  }

  private static let gone = StatusError(.canceled, "the client went away")

  /// What answers a path.
  private struct Route {
    let mayBlock: Bool
    let mayAwaitDigest: Bool
    let answer: @Sendable (Request) throws(StatusError) -> Response

    init(
      mayBlock: Bool = false, mayAwaitDigest: Bool = false,
      _ answer: @escaping @Sendable (Request) throws(StatusError) -> Response
    ) {
      self.mayBlock = mayBlock
      self.mayAwaitDigest = mayAwaitDigest
      self.answer = answer
    }
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
    let route = try route(of: head.target)
    guard head.method == .get || head.method == .head else {
      throw .methodNotAllowed(head.method, allow: [.get, .head])
    }
    guard request.body.isEmpty else {
      throw StatusError(.invalidArgument, "\(head.method.rawValue) \(head.target.path.escaped) takes no body")
    }
    return route
  }

  private func route(of target: RequestTarget) throws(StatusError) -> Route {
    let segments = target.form == .asterisk ? ["*"] : target.segments
    switch segments.first {
    case nil: return Route(status.index)
    case "shard" where segments.count == 1: return Route(mayBlock: true, mayAwaitDigest: true, partitions.shard)
    case "tensor" where segments.count == 1: return Route(mayBlock: true, partitions.tensor)
    case "plan" where segments.count == 1: return Route(mayBlock: true, partitions.plan)
    case "manifests" where segments.count == 1: return Route(mayBlock: true, manifests.list)
    case "manifests" where segments.count == 2:
      let name = segments[1]
      return Route(mayBlock: true) { (request) throws(StatusError) in try manifests.one(name, request) }
    case "healthz" where segments.count == 1: return Route(status.health)
    case "readyz" where segments.count == 1: return Route(status.ready)
    case "stats" where segments.count == 1: return Route(status.stats)
    default:
      throw StatusError(.notFound, "no such path \(target.path.escaped); / lists what there is")
    }
  }
}
