import Loader
import Synchronization
import Transport

extension PartitionCache {
  /// Partitions that are being computed, into the cache or as they are sent.
  var executionsRunning: Int { executions.running + jobCount }

  private var jobCount: Int { state.withLock { $0.jobs.count } }

  /// Counts an answer that has to be computed; nil where it is a copy of what is there, or follows one that is being made.
  /// - Throws: `resource_exhausted` where too many are.
  func admit(_ plan: PartitionPlan, for request: Request) throws(StatusError) -> ExecutionLimit.Permit? {
    let (state, jobs) = self.state.withLock { ($0.index.entries[plan.identity]?.state, $0.jobs.count) }
    switch state {
    case .stored, .writing: return nil
    case .unverified, .verifying, nil:
      let isComputed = plan.costs.transformed > 0 || policy.decide(plan).way == .cached
      return isComputed ? try executions.begin(beside: jobs, for: request) : nil
    }
  }
}
