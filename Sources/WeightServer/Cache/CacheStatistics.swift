import Platform
import Synchronization

/// What a cache holds and what it has done so far.
struct CacheStatistics: Sendable {
  let mode: CacheMode
  let folder: String
  /// Bytes that the folder may hold.
  let budget: Int
  /// Bytes that its entries have, or will have.
  let bytes: Int
  /// Bytes that are free on its disk; nil where the folder is not there yet.
  let freeBytes: Int?
  /// Entries by how far they got.
  let entries: [(state: CacheIndex.State, count: Int)]
  let counters: CacheIndex.Counters
}

extension PartitionCache {
  /// What the cache holds and has done so far.
  var statistics: CacheStatistics {
    let index = state.withLock { $0.index }
    let states: [CacheIndex.State] = [.stored, .writing, .unverified, .verifying]
    return CacheStatistics(
      mode: policy.mode, folder: folder.path, budget: index.budget, bytes: index.bytes,
      freeBytes: policy.mode == .never ? nil : try? folder.freeBytes(),
      entries: states.map { state in (state, index.entries.values.count { $0.state == state }) },
      counters: index.counters)
  }
}
