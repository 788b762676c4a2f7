import Transport

/// The settings that hold until the daemon ends, and so cannot be changed by reading the configuration again.
enum FixedSettings {
  /// Each by its key, as a value to compare.
  private static let all: [(key: String, value: @Sendable (Configuration) -> String)] = [
    ("listen", { "\($0.listen)" }),
    ("tokens.file", { $0.access.tokensFile }),
    ("admin.uids", { "\($0.access.administrators)" }),
    ("checkpoints.quiet_seconds", { "\($0.checkpoints.quiet)" }),
    ("checkpoints.rescan_seconds", { "\($0.checkpoints.rescan)" }),
    ("cache.mode", { "\($0.cache.mode)" }),
    ("cache.folder", { $0.cache.folder }),
    ("cache.bytes", { "\($0.cache.bytes)" }),
    ("cache.prefill", { "\($0.cache.prefill)" }),
    ("shared_memory.bytes", { "\($0.sharedMemory)" }),
    ("tls", { "\($0.tls)" }),
    ("limits", { "\(FixedSettings.limits($0, drain: .zero))" }),
    ("logging.format", { "\($0.logging.format)" }),
  ]

  /// The limits, of which one can change.
  private static func limits(_ configuration: Configuration, drain: Duration) -> Configuration.Limits {
    var limits = configuration.limits
    limits.drain = drain
    return limits
  }

  /// The keys of those that another configuration says something else of.
  static func changed(from old: Configuration, to new: Configuration) -> [String] {
    all.filter { $0.value(old) != $0.value(new) }.map(\.key)
  }

  /// A configuration in which they are as they were.
  static func kept(of old: Configuration, in new: Configuration) -> Configuration {
    var kept = new
    kept.listen = old.listen
    kept.access = old.access
    kept.checkpoints.quiet = old.checkpoints.quiet
    kept.checkpoints.rescan = old.checkpoints.rescan
    kept.cache = old.cache
    kept.sharedMemory = old.sharedMemory
    kept.tls = old.tls
    kept.limits = limits(old, drain: new.limits.drain)
    kept.logging.format = old.logging.format
    return kept
  }
}
