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
    ("limits.requests", { "\($0.limits.requests)" }),
    ("limits.requests_per_address", { "\($0.limits.requestsPerAddress)" }),
    ("limits.bytes_in_flight", { "\($0.limits.connection.bytesInFlight)" }),
    ("limits.bytes_per_second", { "\($0.limits.connection.bytesPerSecond)" }),
    ("limits.executions", { "\($0.limits.executions)" }),
    ("limits.workers", { "\($0.limits.workers)" }),
    ("shared_memory", { "\($0.sharedMemory)" }),
    ("logging.format", { "\($0.logging.format)" }),
  ]

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
    kept.limits = old.limits
    kept.limits.drain = new.limits.drain
    kept.limits.connection = new.limits.connection
    kept.limits.connection.bytesInFlight = old.limits.connection.bytesInFlight
    kept.limits.connection.bytesPerSecond = old.limits.connection.bytesPerSecond
    kept.sharedMemory = old.sharedMemory
    kept.logging.format = old.logging.format
    return kept
  }
}
