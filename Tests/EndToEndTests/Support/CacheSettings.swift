/// The environment that turns the daemon's cache on, in a folder of a test's own.
struct CacheSettings {
  let folder: TemporaryFolder
  /// Where entries lie.
  let path: String
  let environment: [String: String]

  /// - Parameter path: where entries lie; in the folder by default.
  init(_ folder: TemporaryFolder, path: String? = nil, bytes: Int? = nil, prefill: String? = nil) {
    self.folder = folder
    let path = path ?? "\(folder.path)/cache"
    self.path = path
    var environment = ["WEIGHT_SERVER_CACHE_MODE": "always", "WEIGHT_SERVER_CACHE_FOLDER": path]
    environment["WEIGHT_SERVER_CACHE_BYTES"] = bytes.map { "\($0)" }
    environment["WEIGHT_SERVER_CACHE_PREFILL"] = prefill
    self.environment = environment
  }

  /// Names of entries, or of files that are being written.
  func names(_ suffix: String = ".partition") -> [String] {
    ((try? folder.names(in: path)) ?? []).filter { $0.hasSuffix(suffix) }
  }
}

extension Daemon {
  /// A number of the cache's in `/stats`.
  func cacheNumber(_ name: String) throws -> Int {
    try get("/stats").json()["cache"]?[name]?.integer ?? -1
  }

  /// Entries of the first checkpoint that may be served from the cache.
  func storedPartitions() throws -> Int {
    let entries = try get("/manifests").json()[0]?["cached_partitions"]?.elements ?? []
    return entries.count { $0["state"]?.text == "stored" }
  }

  /// Asks until the cache has so many partitions, each looked at or made.
  func waitForStored(_ count: Int) throws {
    while try storedPartitions() < count {}
  }
}
