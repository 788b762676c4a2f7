/// The paths that requests are counted by: few and fixed, whatever clients ask for. Their numbers are indices.
enum RouteName: Int, CaseIterable, Sendable {
  case index, page, shard, tensor, plan, manifests, manifest, reload, health, ready, metrics, stats
  /// The Hugging Face Hub's paths.
  case hub
  /// The RPC interface's paths.
  case rpc
  /// Everything else, what is no path of ours included.
  case other

  /// The name of a path, by its decoded segments. Every request is named, so nothing is allocated here.
  init(path: [String]) {
    guard let first = path.first else {
      self = .index
      return
    }
    switch path.count {
    case 1: self = RouteName(single: first)
    case 2 where first == "manifests": self = .manifest
    case 3 where first == "manifests" && path[2] == "reload": self = .reload
    case 2 where first == "page": self = .page
    case _ where first == "api": self = .hub
    case _ where first == "weightserver.v1.WeightService" || first == "grpc.health.v1.Health": self = .rpc
    case _ where path.contains("resolve"): self = .hub
    default: self = .other
    }
  }

  private init(single: String) {
    switch single {
    case "shard": self = .shard
    case "tensor": self = .tensor
    case "plan": self = .plan
    case "manifests": self = .manifests
    case "healthz": self = .health
    case "readyz": self = .ready
    case "metrics": self = .metrics
    case "stats": self = .stats
    default: self = .other
    }
  }

  /// The name as a label.
  var label: String {
    switch self {
    case .index: "/"
    case .page: "/page/{file}"
    case .shard: "/shard"
    case .tensor: "/tensor"
    case .plan: "/plan"
    case .manifests: "/manifests"
    case .manifest: "/manifests/{name}"
    case .reload: "/manifests/{name}/reload"
    case .health: "/healthz"
    case .ready: "/readyz"
    case .metrics: "/metrics"
    case .stats: "/stats"
    case .hub: "hub"
    case .rpc: "rpc"
    case .other: "other"
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
