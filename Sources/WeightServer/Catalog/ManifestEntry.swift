import Loader

/// A checkpoint that the daemon was told to serve, and how far it got.
struct ManifestEntry: Sendable {
  /// The name it is served by.
  private(set) var name: String
  /// The name it would have if no other had it.
  private(set) var wantedName: String
  /// What was named: a manifest, folder or file.
  let path: String
  /// Whether the daemon is ready only if it loads.
  let isRequired: Bool
  /// How far it got.
  var state: State
  /// Why it is not served by the name it wanted, if it is not.
  private(set) var note: String?

  /// A checkpoint that is about to be loaded.
  init(name: String, path: String, isRequired: Bool, state: State) {
    self.name = name
    wantedName = name
    self.path = path
    self.isRequired = isRequired
    self.state = state
  }

  /// Takes the name it wants, or the free one that is nearest to it.
  mutating func take(name wanted: String, free: String) {
    name = free
    wantedName = wanted
    note = free == wanted ? nil : "the name \(wanted) is taken: this checkpoint is served as \(free)"
  }

  /// How far a checkpoint got.
  enum State: Sendable {
    /// Its metadata is being read.
    case loading
    /// It is served.
    case ready(LoadedCheckpoint)
    /// Its files changed: the old content is served while the open files are intact.
    case stale(LoadedCheckpoint)
    /// It cannot be served.
    case failed(LoaderError)

    /// The state's name in `/manifests`.
    var name: String {
      switch self {
      case .loading: "loading"
      case .ready: "ready"
      case .stale: "stale"
      case .failed: "failed"
      }
    }
  }

  /// The checkpoint, where there is one to serve.
  var loaded: LoadedCheckpoint? {
    switch state {
    case .ready(let loaded), .stale(let loaded): loaded
    case .loading, .failed: nil
    }
  }
}
