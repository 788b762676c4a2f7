import Loader
import Transport

extension Setting {
  /// Every key there is.
  static let all: [Setting] =
    general
    + checkpoints
    + access
    + admission
    + pacing
    + sharedMemory
    + objectStore
    + tls

  /// The keys that have no file of their own, in the order of `config.yaml`.
  private static let general: [Setting] = [
    Setting("listen") { (value, configuration) throws(SettingFailure) in
      configuration.listen = try value.list()
    },
    Setting("roots") { (value, configuration) throws(SettingFailure) in
      configuration.roots = try value.list()
    },
    Setting("checkpoints.identity") { (value, configuration) throws(SettingFailure) in
      configuration.checkpoints.identity = try value.choice(LoadOptions.Identity.self)
    },
    Setting("checkpoints.manifests") { (value, configuration) throws(SettingFailure) in
      if case .sources(let sources) = value {
        configuration.checkpoints.manifests = sources
      } else {
        configuration.checkpoints.manifests = try value.list().map { Configuration.Source(path: $0) }
      }
    },
    Setting("pickle.allow_opaque") { (value, configuration) throws(SettingFailure) in
      configuration.allowedGlobals = try value.list()
    },
    Setting("cache.mode") { (value, configuration) throws(SettingFailure) in
      configuration.cache.mode = try value.choice(CacheMode.self)
    },
    Setting("cache.folder") { (value, configuration) throws(SettingFailure) in
      configuration.cache.folder = try value.text()
    },
    Setting("cache.bytes") { (value, configuration) throws(SettingFailure) in
      configuration.cache.bytes = try value.integer(in: 0...1 << 60)
    },
    Setting("cache.prefill") { (value, configuration) throws(SettingFailure) in
      configuration.cache.prefill = try value.integers(in: 1...PartitionParameters.mpLimit)
    },
    Setting("limits.connections") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.connections = try value.integer(in: 1...1_000_000)
    },
    Setting("limits.target_bytes") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.head.targetBytes = try value.integer(in: 256...1 << 20)
    },
    Setting("limits.head_bytes") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.head.fieldBytes = try value.integer(in: 1024...1 << 24)
    },
    Setting("limits.head_fields") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.head.fieldCount = try value.integer(in: 8...10_000)
    },
    Setting("limits.body_bytes") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.bodyBytes = try value.integer(in: 0...1 << 30)
    },
    Setting("limits.idle_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.idle = try value.seconds()
    },
    Setting("limits.head_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.headTime = try value.seconds()
    },
    Setting("limits.body_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.bodyTime = try value.seconds()
    },
    Setting("limits.write_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.writeProgress = try value.seconds()
    },
    Setting("limits.workers") { (value, configuration) throws(SettingFailure) in
      configuration.limits.workers = try value.integer(in: 0...1024)
    },
    Setting("limits.drain_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.limits.drain = try value.seconds()
    },
    Setting("logging.level") { (value, configuration) throws(SettingFailure) in
      configuration.logging.level = try value.choice(Configuration.Logging.Level.self)
    },
    Setting("logging.format") { (value, configuration) throws(SettingFailure) in
      configuration.logging.format = try value.choice(Configuration.Logging.Format.self)
    },
  ]

  init(
    _ path: String, take: @escaping @Sendable (SettingValue, inout Configuration) throws(SettingFailure) -> Void
  ) {
    self.init(path: path, take: take)
  }

  /// The key of a path.
  static func setting(at path: String) -> Setting? {
    all.first { $0.path == path }
  }

  /// Whether a path is a section: the start of some key's path.
  static func isSection(_ path: String) -> Bool {
    all.contains { $0.path.hasPrefix(path + ".") }
  }
}
