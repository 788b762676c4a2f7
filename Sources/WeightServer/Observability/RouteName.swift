/// The paths that requests are counted by: few and fixed, whatever clients ask for.
enum RouteName: String, CaseIterable, Sendable {
  case index = "/"
  case page = "/page/{file}"
  case shard = "/shard"
  case tensor = "/tensor"
  case plan = "/plan"
  case manifests = "/manifests"
  case manifest = "/manifests/{name}"
  case reload = "/manifests/{name}/reload"
  case health = "/healthz"
  case ready = "/readyz"
  case metrics = "/metrics"
  case stats = "/stats"
  /// The Hugging Face Hub's paths.
  case hub
  /// The RPC interface's paths.
  case rpc
  /// Everything else, what is no path of ours included.
  case other

  /// The name of a path, by its decoded segments.
  init(path: [String]) {
    switch (path.first, path.count) {
    case (nil, _): self = .index
    case ("manifests", 2): self = .manifest
    case ("manifests", 3) where path[2] == "reload": self = .reload
    case ("page", 2): self = .page
    case ("api", _): self = .hub
    case ("weightserver.v1.WeightService", _), ("grpc.health.v1.Health", _): self = .rpc
    case (let first?, 1) where !first.isEmpty: self = RouteName(rawValue: "/" + first) ?? .other
    case _ where path.contains("resolve"): self = .hub
    default: self = .other
    }
  }

  /// Whether it is asked for every few seconds by machines that watch, so that its success is not worth a line of the log.
  var isProbe: Bool {
    switch self {
    case .health, .ready, .metrics: true
    default: false
    }
  }
}
