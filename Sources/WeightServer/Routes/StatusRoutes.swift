import HTTPTypes
import Loader
import Platform
import Transport

/// `/healthz`, `/readyz` and `/`: what monitors and newcomers ask for.
struct StatusRoutes: RouteGroup {
  let catalog: Catalog

  func routes(at path: [String]) -> [Route] {
    switch path {
    case []: [.reading(scope: .open, work: .prompt, index)]
    case ["healthz"]: [.reading(scope: .open, work: .prompt, health)]
    case ["readyz"]: [.reading(scope: .open, work: .prompt, ready)]
    default: []
    }
  }

  /// Liveness: the process answers.
  func health(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    return StatusRoutes.healthy
  }

  private static let healthy = {
    var json = JSONWriter()
    json.object { $0.member("status", "ok") }
    var response = Response(json: json)
    response.fields[.cacheControl] = "no-cache"
    return response
  }()

  /// Readiness: every checkpoint has settled.
  func ready(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    switch catalog.readiness(for: request.access) {
    case .notReady(let reason):
      throw StatusError(.unavailable, "not ready: \(reason)")
    case .ready:
      var json = JSONWriter()
      json.object { $0.member("status", "ready") }
      return Response(json: json).answering(request)
    }
  }

  /// What there is: a page for a browser, JSON for everyone else. Neither tells of a checkpoint.
  func index(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    var response = wantsPage(request) ? Page.document.response(to: request.head) : list(request)
    response.fields[.vary] = "Accept"
    return response
  }

  private func wantsPage(_ request: Request) -> Bool {
    MediaTypePreference.prefers("text/html", to: "application/json", in: request.head.fields[.accept])
  }

  private func list(_ request: Request) -> Response {
    var json = JSONWriter()
    json.object { json in
      json.member("service", "weight-server")
      json.key("paths")
      json.object { for (path, meaning) in StatusRoutes.paths { $0.member(path, meaning) } }
    }
    return Response(json: json).answering(request)
  }

  private static let paths = [
    ("/shard?rank=R&mp=M", "the partition of a rank, a safetensors file"),
    ("/tensor?name=N&rank=R&mp=M", "one tensor's bytes of that partition"),
    ("/plan?rank=R&mp=M", "where that partition's bytes come from"),
    ("/plan?mp=M", "whether a degree is possible, and bytes per rank"),
    ("/manifests", "the checkpoints"),
    ("/manifests/NAME", "one checkpoint, with its tensors"),
    ("/healthz", "liveness"),
    ("/readyz", "readiness"),
    ("/stats", "counters, and what is being sent"),
    ("/metrics", "counters for Prometheus"),
  ]
}
