import Loader
import Platform
import Synchronization

/// A checkpoint whose metadata is in memory, with its open files and the plans that were made of it.
final class LoadedCheckpoint: Sendable {
  /// The metadata.
  let checkpoint: Checkpoint
  /// The open files.
  let sources: SourceSet
  /// When the youngest of its files was modified, in seconds since 1970.
  let lastModified: Int64
  /// The degrees at which the default partition exists.
  let possibleDegrees: [Int]
  /// Bytes of its partitions and tensors that were sent.
  let sent = Counter()
  /// Heads of partitions that were asked for, by the query.
  let heads = Memo<String, PartitionHead>(limit: 1024)
  private let plans = Mutex(PlanCache())
  /// When the paths were last found to name the files that were read.
  private let foundCurrent = Mutex<ContinuousClock.Instant?>(nil)

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    sources = SourceSet(checkpoint.files)
    lastModified = (checkpoint.files.map(\.file.opened.modified).max() ?? 0) / 1_000_000_000
    possibleDegrees = checkpoint.possibleDegrees
  }

  /// The plan of a partition, made once.
  func plan(_ parameters: PartitionParameters) throws(LoaderError) -> PartitionPlan {
    if let plan = plans.withLock({ $0.plan(parameters) }) { return plan }
    let plan = try Planner(checkpoint, parameters).plan()
    plans.withLock { $0.insert(plan, for: parameters) }
    return plan
  }

  /// Whether its paths still name the files that were read: false where one was replaced, cut or written.
  func isCurrent() -> Bool {
    let now = ContinuousClock.now
    let isCurrent = checkpoint.files.allSatisfy { $0.file.isCurrent() }
    foundCurrent.withLock { $0 = isCurrent ? now : nil }
    return isCurrent
  }

  /// Whether that was so within a time, without looking again.
  func wasCurrent(within time: Duration) -> Bool {
    foundCurrent.withLock { $0.map { ContinuousClock.now - $0 < time } ?? false }
  }

  /// Throws `dataLoss` where an open file was written or cut: its old content is not to be had any more.
  func checkIntact() throws(LoaderError) {
    try sources.checkUnchanged(checkpoint.files.indices)
  }
}

/// The plans of one checkpoint that were used last.
private struct PlanCache {
  private var plans: [PartitionParameters: (plan: PartitionPlan, used: Int)] = [:]
  private var clock = 0
  private var segments = 0

  /// Segments that the plans kept may have together: about 100 bytes each.
  private static let segmentLimit = 400_000

  mutating func plan(_ parameters: PartitionParameters) -> PartitionPlan? {
    guard let plan = plans[parameters]?.plan else { return nil }
    clock += 1
    plans[parameters]?.used = clock
    return plan
  }

  mutating func insert(_ plan: PartitionPlan, for parameters: PartitionParameters) {
    clock += 1
    if let old = plans.updateValue((plan, clock), forKey: parameters) { segments -= old.plan.segmentCount }
    segments += plan.segmentCount
    while segments > PlanCache.segmentLimit, plans.count > 1,
      let oldest = plans.min(by: { $0.value.used < $1.value.used })
    {
      plans[oldest.key] = nil
      segments -= oldest.value.plan.segmentCount
    }
  }
}
