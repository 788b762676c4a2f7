import Loader

/// A checkpoint that the daemon was told to serve, and how far it got.
struct ManifestEntry: Sendable {
  /// What tells it from every other entry there ever was.
  let number: Int
  /// The name it is served by.
  private(set) var name: String
  /// The name it would have if no other had it.
  private(set) var wantedName: String
  /// Why it is not served by the name it wanted, if it is not.
  private(set) var note: String?
  /// Where it is read from.
  var source: ManifestSource
  /// Who told of it.
  var origin: Origin
  /// Whether the daemon is ready only if it loads.
  var isRequired = false
  /// How far it got.
  var state = State.loading
  /// The number of the load that is under way.
  var load: Int?
  /// Why it could not be loaded again; what was loaded before is served on.
  var reloadFailure: LoaderError?
  /// What was served under the name before, youngest first: for those who pin its revision.
  var previous: [LoadedCheckpoint] = []

  /// A checkpoint that is about to be loaded.
  init(number: Int, name: String, source: ManifestSource, origin: Origin) {
    self.number = number
    self.name = name
    wantedName = name
    self.source = source
    self.origin = origin
  }

  /// Takes the name it wants, or the free one that is nearest to it.
  mutating func take(name wanted: String, free: String) {
    name = free
    wantedName = wanted
    note = free == wanted ? nil : "the name \(wanted) is taken: this checkpoint is served as \(free)"
  }

  /// Who told of a checkpoint.
  enum Origin: Hashable, Sendable {
    /// The configuration or the command line.
    case configuration(Configuration.Source)
    /// It lies in a watched folder; whether it lay there when the daemon began.
    case watched(atStart: Bool)
    /// A request.
    case request

    /// Whether the daemon is not ready while it is first loaded.
    var holdsReadiness: Bool {
      switch self {
      case .configuration: true
      case .watched(let atStart): atStart
      case .request: false
      }
    }
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

  /// The path, or the folder of a manifest that came in a request.
  var path: String { source.path }

  /// The checkpoint, where there is one to serve.
  var loaded: LoadedCheckpoint? {
    switch state {
    case .ready(let loaded), .stale(let loaded): loaded
    case .loading, .failed: nil
    }
  }

  /// The checkpoint at a revision that was served before, where its files are still what they were.
  func previous(_ revision: String) -> LoadedCheckpoint? {
    previous.first { $0.checkpoint.revision == revision && (try? $0.checkIntact()) != nil }
  }
}
