import Platform
import Synchronization
import Transport

/// What a cache holds and what it has done so far.
struct CacheStatistics: Sendable {
  let mode: CacheMode
  /// Bytes that its entries have, or will have.
  let bytes: Int
  /// Entries by how far they got.
  let entries: [(state: CacheIndex.State, count: Int)]
  /// What does not belong to one checkpoint: nil for a client that may see only some.
  let whole: Whole?
  /// What lies in memory for workers of this host.
  let shared: SharedMemoryStock.Statistics

  /// What is known of a cache as a whole.
  struct Whole: Sendable {
    let folder: String
    /// Bytes that the folder may hold.
    let budget: Int
    /// Bytes that are free on its disk; nil where there is no folder.
    let freeBytes: Int?
    let counters: CacheIndex.Counters
  }
}

extension PartitionCache {
  /// What the cache holds and has done so far: to a client that may see only some checkpoints, those of their partitions alone.
  func statistics(for access: Access) -> CacheStatistics {
    let index = state.withLock { $0.index }
    let seen = index.entries.values.filter {
      access.seesAll || ($0.partition.map { access.maySee($0.model) } ?? false)
    }
    let states: [CacheIndex.State] = [.stored, .writing, .unverified, .verifying]
    let whole = CacheStatistics.Whole(
      folder: folder.path, budget: index.budget,
      freeBytes: policy.mode == .never ? nil : try? folder.freeBytes(), counters: index.counters)
    return CacheStatistics(
      mode: policy.mode, bytes: seen.reduce(0) { $0 + $1.bytes },
      entries: states.map { state in (state, seen.count { $0.state == state }) },
      whole: access.seesAll ? whole : nil, shared: sharedMemory.statistics)
  }
}
