package import Loader
package import ObjectStore
import Platform
package import Transport

/// Everything the daemon can be told: the contract's configuration, each value with its default.
package struct Configuration: Sendable {
  /// Addresses to listen on: `HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.
  package var listen = ["127.0.0.1:8080"]
  /// Folders that checkpoints' files may lie in, beside their own.
  package var roots: [String] = []
  /// What to serve.
  package var checkpoints = Checkpoints()
  /// Globals of pickles that are allowed beyond the known ones, by dotted prefix.
  package var allowedGlobals: [String] = []
  /// Who may do what.
  package var access = AccessRules()
  /// Partitions that are kept in files.
  package var cache = Cache()
  /// Partitions that workers of this host map.
  package var sharedMemory = SharedMemory()
  /// How TLS is spoken.
  package var tls = TLS()
  /// Where an object store is, and how it is spoken to.
  package var objects = ObjectStoreConfiguration()
  /// Bounds of connections and work.
  package var limits = Limits()
  /// What is logged, and how.
  package var logging = Logging()

  /// What to serve.
  package struct Checkpoints: Sendable {
    /// What a file's identity is made of.
    package var identity = LoadOptions.Identity.fast
    /// The checkpoints, in order.
    package var manifests: [Source] = []
    /// Folders whose subfolders and files are served as they appear.
    package var watched: [String] = []
    /// How long nothing of what appeared may have changed before it counts as whole.
    package var quiet = Duration.seconds(5)
    /// How often watched folders are looked through, whatever the system has told of them.
    package var rescan = Duration.seconds(30)
    /// Revisions beside the current one that each checkpoint goes on being served at.
    package var previousRevisions = 1
  }

  /// A checkpoint to serve.
  package struct Source: Hashable, Sendable {
    /// The manifest, folder or file.
    package var path: String
    /// The name to serve it by.
    package var name: String?
    /// Whether the daemon is ready only if it loads.
    package var isRequired = false

    /// A checkpoint at a path.
    package init(path: String, name: String? = nil, isRequired: Bool = false) {
      self.path = path
      self.name = name
      self.isRequired = isRequired
    }
  }

  /// Who may do what.
  package struct AccessRules: Sendable {
    /// The file of tokens; empty for none: then whoever reaches a listener may read.
    package var tokensFile = ""
    /// Users who may everything over a Unix socket, beside the daemon's own and root.
    package var administrators: [Int] = []
  }

  /// Partitions that are kept in files.
  package struct Cache: Sendable {
    /// Which partitions are.
    package var mode = CacheMode.auto
    /// Where; empty for the user's cache folder.
    package var folder = ""
    /// Bytes that the folder may hold.
    package var bytes = 16 << 30
    /// Degrees whose partitions are made ahead.
    package var prefill: [Int] = []

    /// The folder: as configured, else `weight-server` in the one that systemd gives, that the XDG base directory specification names,
    /// or that the system has.
    package func folderPath(_ environment: [String: String]) -> String {
      if !folder.isEmpty { return folder }
      if let given = environment["CACHE_DIRECTORY"]?.split(separator: ":").first { return String(given) }
      if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return Path.join(base, "weight-server") }
      if let home = environment["HOME"], home.hasPrefix("/") { return Path.join(home, ".cache/weight-server") }
      return "/var/cache/weight-server"
    }
  }

  /// Bounds of connections and work.
  package struct Limits: Sendable {
    /// Bounds of one connection, and how many there are.
    package var connection = ConnectionLimits()
    /// Requests at a time.
    package var requests = 4096
    /// Requests at a time of one address, or over a Unix socket of one user.
    package var requestsPerAddress = 1024
    /// Partitions that are computed at a time: cast, quantized, or collected into the cache.
    package var executions = 256
    /// Pieces of work (planning, reading) at a time; 0 for two a core.
    package var workers = 0
    /// How long requests in flight may take after SIGTERM.
    package var drain = Duration.seconds(30)
  }

  /// What is logged, and how.
  package struct Logging: Sendable {
    /// The least level that is logged.
    package var level = Level.info
    /// How a line looks.
    package var format = Format.text

    /// Levels, by swift-log's names.
    package enum Level: String, Sendable, CaseIterable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// How a line looks.
    package enum Format: String, Sendable, CaseIterable {
      /// For a person.
      case text
      /// One JSON object a line.
      case json
    }
  }

  /// The defaults.
  package init() {}
}
