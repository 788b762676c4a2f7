import HTTPTypes
import Loader
import Platform
import Transport

/// `/healthz`, `/readyz`, `/stats` and `/`: what monitors and newcomers ask for.
struct StatusRoutes: RouteGroup {
  let catalog: Catalog
  let cache: PartitionCache
  /// What the server has done so far; nil before it has begun.
  let statistics: @Sendable () -> ServerStatistics?
  let started: ContinuousClock.Instant

  func routes(at path: [String]) -> [Route] {
    switch path {
    case []: [.reading(work: .prompt, index)]
    case ["healthz"]: [.reading(scope: .open, work: .prompt, health)]
    case ["readyz"]: [.reading(scope: .open, work: .prompt, ready)]
    case ["stats"]: [.reading(work: .prompt, stats)]
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

  /// Counters since the start.
  func stats(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    var json = JSONWriter()
    json.object { json in
      json.key("uptime_seconds")
      json.number((ContinuousClock.now - started).inSeconds)
      if let statistics = statistics() { write(statistics, to: &json) }
      json.key("cache")
      cache.writeStatistics(to: &json, for: request.access)
    }
    return Response(json: json).answering(request)
  }

  /// What there is.
  func index(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
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
    ("/stats", "counters"),
  ]

  private func write(_ statistics: ServerStatistics, to json: inout JSONWriter) {
    json.key("connections")
    json.object {
      $0.member("open", statistics.connectionsOpen)
      $0.member("accepted", statistics.connectionsAccepted)
      $0.member("refused", statistics.connectionsRefused)
      $0.member("accept_pauses", statistics.acceptPauses)
    }
    json.key("requests")
    json.object {
      $0.member("begun", statistics.requests)
      $0.member("refused", statistics.requestsRefused)
    }
    json.key("responses")
    json.object {
      $0.member("sent", statistics.responsesSent)
      $0.member("cut", statistics.responsesCut)
    }
    json.member("bytes_sent", statistics.bytesSent)
  }
}
