import Platform
import Transport

/// Knows where everything that can be watched is counted, and takes it together for `/metrics` and `/stats`.
struct Monitor: Sendable {
  let catalog: Catalog
  let cache: PartitionCache
  /// Requests by route.
  let requests: RequestInstruments
  /// What is being sent.
  let transfers: Transfers
  /// What the server has done so far; nil before it has begun.
  let server: @Sendable () -> ServerStatistics?
  /// The pools of workers, by what they do.
  let pools: [(name: String, pool: WorkerPool)]
  /// When the daemon began, by the wall clock.
  let started = WallClock.nanoseconds()
  /// The same by a clock that nobody sets.
  private let begun = ContinuousClock.now

  /// What it all is now, as far as a client may see it. It looks at the files of the checkpoints, so it belongs on a worker.
  func snapshot(for access: Access) -> MonitorSnapshot {
    MonitorSnapshot(
      seconds: (ContinuousClock.now - begun).inSeconds,
      startSeconds: Double(started) / 1_000_000_000,
      server: server(),
      requests: requests, transfers: transfers.current(for: access),
      manifests: catalog.all(for: access).map { catalog.refresh($0) },
      isReady: catalog.readiness(for: access) == .ready,
      cache: cache.statistics(for: access), pools: pools.map { ($0.name, $0.pool.load) },
      process: ProcessStatistics.current())
  }
}

/// What is known at a moment.
struct MonitorSnapshot {
  /// Since the daemon began.
  let seconds: Double
  /// When the daemon began, in seconds since 1970.
  let startSeconds: Double
  /// Nil before the server has begun.
  let server: ServerStatistics?
  /// Requests by route, which go on being counted.
  let requests: RequestInstruments
  let transfers: (count: Int, oldest: [Transfers.Transfer])
  let manifests: [ManifestEntry]
  let isReady: Bool
  let cache: CacheStatistics
  let pools: [(name: String, load: WorkerPool.Load)]
  let process: ProcessStatistics
}
