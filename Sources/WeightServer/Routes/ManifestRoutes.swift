import Loader
import Platform
import Transport

/// `/manifests`, `/manifests/NAME`, `/healthz`, `/readyz`, `/stats` and `/`: what operators ask for.
struct ManifestRoutes: Sendable {
  let catalog: Catalog
  let statistics: @Sendable () -> ServerStatistics
  let started: ContinuousClock.Instant

  /// The list of checkpoints.
  func list(_ request: Request) throws(StatusError) -> Response {
    try refuseQuery(request)
    var json = JSONWriter()
    json.array { json in
      for entry in catalog.all {
        let entry = catalog.refresh(entry)
        json.object { describe(entry, to: &$0) }
      }
    }
    return Response(json: json).answering(request)
  }

  /// One checkpoint, with its tensors.
  func one(_ name: String, _ request: Request) throws(StatusError) -> Response {
    try refuseQuery(request)
    let entry: ManifestEntry
    do throws(LoaderError) {
      entry = catalog.refresh(try catalog.find(name))
    } catch {
      throw StatusError(error)
    }
    var json = JSONWriter()
    json.object { json in
      describe(entry, to: &json)
      if let loaded = entry.loaded { ManifestDescription(loaded.checkpoint).writeDetails(to: &json) }
    }
    return Response(json: json).answering(request)
  }

  private func describe(_ entry: ManifestEntry, to json: inout JSONWriter) {
    json.member("name", entry.name)
    json.member("state", entry.state.name)
    if let note = entry.note { json.member("note", note) }
    if case .failed(let error) = entry.state {
      let status = StatusError(error)
      json.key("error")
      json.object {
        $0.member("code", status.code.rawValue)
        $0.member("message", status.message)
      }
    }
    if let loaded = entry.loaded {
      ManifestDescription(loaded.checkpoint).writeSummary(to: &json, degrees: loaded.possibleDegrees)
    }
  }

  /// Liveness: the process answers.
  func health(_ request: Request) throws(StatusError) -> Response {
    try refuseQuery(request)
    var json = JSONWriter()
    json.object { $0.member("status", "ok") }
    return Response(json: json).answering(request)
  }

  /// Readiness: every checkpoint has settled.
  func ready(_ request: Request) throws(StatusError) -> Response {
    try refuseQuery(request)
    switch catalog.readiness {
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
    try refuseQuery(request)
    let statistics = statistics()
    var json = JSONWriter()
    json.object { json in
      json.key("uptime_seconds")
      json.number((ContinuousClock.now - started).inSeconds)
      statistics.write(to: &json)
    }
    return Response(json: json).answering(request)
  }

  /// What there is.
  func index(_ request: Request) throws(StatusError) -> Response {
    try refuseQuery(request)
    var json = JSONWriter()
    json.object { json in
      json.member("service", "weight-server")
      json.key("paths")
      json.object { for (path, meaning) in ManifestRoutes.paths { $0.member(path, meaning) } }
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

  private func refuseQuery(_ request: Request) throws(StatusError) {
    if let item = try request.head.target.queryItems().items.first {
      throw StatusError(.invalidArgument, "unknown parameter \(item.name.escaped); \(request.head.target.path) has none")
    }
  }
}
