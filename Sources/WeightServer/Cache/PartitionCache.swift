import Loader
import Logging
import Platform
import Synchronization
import Transport

/// Partitions in files, made once however many ask. What is in the folder, what is being made, and what goes around the cache.
final class PartitionCache: Sendable {
  let policy: CachePolicy
  let folder: CacheFolder
  let logger: Logger
  /// Digests, of cached and other bodies.
  let digests: DigestService
  /// What quantization costs in bodies that were made.
  let reports = QuantizationReports()
  /// Where partitions are made: in short steps, so that all that are being made go on side by side.
  let pool: WorkerPool
  let buffers = BufferStock()
  /// Partitions that workers of this host map.
  let sharedMemory: SharedMemoryStock
  /// How many are computed at a time.
  let executions: ExecutionLimit
  /// What was last used before is from an earlier run.
  let started = WallClock.nanoseconds()
  let state: Mutex<State>

  /// What the lock guards.
  struct State {
    var index: CacheIndex
    var jobs: [String: Materialization] = [:]
  }

  /// A cache as it is configured; the folder is looked at by `start`, and made when it is first needed.
  init(
    _ configuration: Configuration.Cache, environment: [String: String],
    executions: ExecutionLimit = ExecutionLimit(limit: .max), sharedBytes: Int = 0, logger: Logger
  ) {
    sharedMemory = SharedMemoryStock(budget: sharedBytes, buffers: buffers, logger: logger)
    self.executions = executions
    policy = CachePolicy(mode: configuration.mode)
    folder = CacheFolder(path: configuration.folderPath(environment))
    self.logger = logger
    digests = DigestService(buffers: buffers)
    pool = WorkerPool(limit: max(2, ProcessorCount.available()), label: "weight-server.caching", niceness: 5)
    state = Mutex(State(index: CacheIndex(budget: configuration.bytes)))
  }

  /// Looks what an earlier run has left, on a worker.
  func start() {
    guard policy.mode != .never else { return }
    pool.run { [self] in
      guard (try? FileStatus.of(path: folder.path)) != nil else { return }
      do throws(SystemError) {
        let swept = try folder.sweep()
        let found = try rescan()
        logger.info(
          "cache is open",
          metadata: ["folder": "\(folder.path.escaped)", "entries": "\(found)", "unfinished_removed": "\(swept)"])
      } catch {
        logger.warning("cache cannot be read", metadata: ["folder": "\(folder.path.escaped)", "error": "\(error)"])
      }
    }
  }

  // MARK: Serving

  /// What sends a range of a body, and what has to be kept until it was sent.
  struct Source {
    let source: any BodySource
    var hold: (any Sendable)?
  }

  /// Decides what sends a range. The whole of what belongs into the cache is made if it is not there.
  func source(of body: PartitionBody, model: String, range: Range<Int>) -> Source {
    let plan = body.plan
    let direct = Source(source: PartitionBodySource(body, range: range))
    if policy.mode == .never { return direct }
    let isWhole = range == 0..<plan.length
    let (answer, job) = ask(body, model: model, mayMake: isWhole && decide(body).way == .cached)
    switch answer {
    case .stored: return stored(plan, range: range) ?? direct
    case .make, .follow:
      guard let job, isWhole || job.watermark > range.lowerBound else { return direct }
      return Source(source: FollowerBodySource(job, range: range), hold: job)
    case .verify, .wait, .crowded, .absent: return direct
    }
  }

  private func stored(_ plan: PartitionPlan, range: Range<Int>) -> Source? {
    let id = plan.identity
    let lease = CacheLease { [self] in state.withLock { $0.index.unpin(id) } }
    let seal = state.withLock { $0.index.entries[id]?.seal }
    guard let file = folder.open(id), FileSeal(file) == seal, file.size >= UInt64(plan.length) else {
      state.withLock { $0.index.lost(id, isError: false) }
      logger.notice("cached partition is gone or was replaced", metadata: ["entry": "\(id)"])
      return nil
    }
    return Source(source: StoredBodySource(file, range: range), hold: lease)
  }

  /// Asks the index, and begins what it says has to be done.
  func ask(
    _ body: PartitionBody, model: String, mayMake: Bool, isAhead: Bool = false
  ) -> (CacheIndex.Answer, Materialization?) {
    let plan = body.plan
    let id = plan.identity
    let partition = CachedPartition(plan, model: model)
    let bytes = plan.length + trailerBytes(partition)
    let (answer, job): (CacheIndex.Answer, Materialization?) = state.withLock { state in
      let hasRoom = isAhead || state.jobs.count < executions.limit
      let answer = state.index.ask(
        id, for: partition, bytes: bytes, mayMake: mayMake && hasRoom, at: WallClock.nanoseconds())
      if answer == .make { state.jobs[id] = Materialization(body, isAhead: isAhead) }
      return (answer, state.jobs[id])
    }
    switch answer {
    case .make:
      if let job { pool.run { self.prepare(job, partition) } }
    case .verify:
      pool.run { self.verify(body) }
    case .stored, .follow, .wait, .crowded, .absent: break
    }
    return (answer, job)
  }

  private func trailerBytes(_ partition: CachedPartition) -> Int {
    EntryTrailer(bodyLength: 0, digest: [UInt8](repeating: 0, count: 32), description: partition.text).bytes.count
  }

  /// How a whole partition would be served now, and why.
  func serving(_ body: PartitionBody) -> CachePolicy.Decision {
    let plan = body.plan
    let decision = decide(body)
    let (entry, budget) = state.withLock { ($0.index.entries[plan.identity]?.state, $0.index.budget) }
    switch entry {
    case .stored: return .init(way: .cached, reason: reason(decision, "it is in the cache"))
    case .writing: return .init(way: .cached, reason: reason(decision, "it is being made, and sent meanwhile"))
    case .unverified, .verifying:
      return .init(way: decision.way == .direct ? .direct : .ranged, reason: "the cache's entry is not verified yet")
    case nil: break
    }
    guard decision.way == .cached else { return decision }
    if plan.length > budget {
      let way = plan.costs.transformed > 0 ? CachePolicy.Way.ranged : .direct
      return .init(way: way, reason: "\(plan.length) bytes do not fit cache.bytes, \(budget)")
    }
    return .init(way: .cached, reason: "\(decision.reason); it will be made when it is first asked for")
  }

  /// How a whole body is served if nothing is known of it yet.
  private func decide(_ body: PartitionBody) -> CachePolicy.Decision {
    let isRemote = body.sources.isRemote
    return policy.decide(body.plan, .init(isRemote: isRemote, availableMemory: MemoryStatus.available()))
  }

  private func reason(_ decision: CachePolicy.Decision, _ state: String) -> String {
    decision.way == .cached ? "\(decision.reason); \(state)" : state
  }

  // MARK: Digests

  /// Calls `then` once the digest of a body is known or cannot be found.
  func findDigest(of body: PartitionBody, model: String, then: @escaping @Sendable () -> Void) {
    let id = body.plan.identity
    if digests.digest(id) != nil { return then() }
    digests.whenSettled(id, then)
    guard decide(body).way == .cached else { return digests.compute(body) }
    switch ask(body, model: model, mayMake: true).0 {
    case .make, .follow, .verify, .wait: break
    case .stored:
      state.withLock { $0.index.unpin(id) }
      digests.compute(body)
    case .crowded, .absent: digests.compute(body)
    }
  }

  /// A body was sent whole: finds its digest, where the cache does not.
  func wasSent(_ body: PartitionBody) {
    let id = body.plan.identity
    guard digests.digest(id) == nil, state.withLock({ $0.index.entries[id] == nil }) else { return }
    digests.compute(body)
  }

  // MARK: Telling

  /// The entries of a checkpoint.
  func write(partitionsOf model: String, revision: String, to json: inout JSONWriter) {
    let entries = state.withLock { state in
      state.index.entries.compactMap { id, entry in
        entry.partition.map { (partition: $0, entry: entry, made: state.jobs[id]?.watermark) }
      }
    }
    let own = entries.filter { $0.partition.model == model && $0.partition.revision == revision }
    let sorted = own.sorted {
      ($0.partition.mp, $0.partition.rank, $0.partition.parameters)
        < ($1.partition.mp, $1.partition.rank, $1.partition.parameters)
    }
    json.array { json in
      for (partition, entry, made) in sorted {
        json.object {
          $0.member("rank", partition.rank)
          $0.member("mp", partition.mp)
          $0.member("parameters", partition.parameters)
          $0.member("bytes", entry.bytes)
          $0.member("state", entry.state.rawValue)
          if let made { $0.member("bytes_made", made) }
        }
      }
    }
  }
}
