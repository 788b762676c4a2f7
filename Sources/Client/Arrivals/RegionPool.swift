internal import Platform
internal import Synchronization

/// Memory for tensors as they arrive: what nobody looks at any more is filled again, since pages that were touched cost nothing.
final class RegionPool: Sendable {
  private let free = Mutex<[MemoryRegion]>([])
  private let limit: Int

  /// A pool that keeps at most `limit` bytes that nobody uses.
  init(limit: Int) {
    self.limit = limit
  }

  /// Memory of at least so many bytes, for as long as the lease is referred to.
  func take(_ count: Int) throws(WeightClientError) -> RegionLease {
    let found = free.withLock { free -> MemoryRegion? in
      let fitting = free.indices.filter { free[$0].count >= count && free[$0].count / 4 <= count }
      return fitting.min { free[$0].count < free[$1].count }.map { free.remove(at: $0) }
    }
    if let found { return RegionLease(found, pool: self) }
    do throws(SystemError) {
      return RegionLease(try MemoryRegion.allocating(count), pool: self)
    } catch {
      throw WeightClientError(.local, .resourceExhausted, "no memory of \(count) bytes: \(error.reason)")
    }
  }

  fileprivate func giveBack(_ region: MemoryRegion) {
    free.withLock { free in
      if free.reduce(region.count, { $0 + $1.count }) <= limit { free.append(region) }
    }
  }
}

/// Memory that goes back to its pool when nobody refers to this.
final class RegionLease: Sendable {
  /// The memory.
  let region: MemoryRegion
  private let pool: RegionPool

  fileprivate init(_ region: MemoryRegion, pool: RegionPool) {
    self.region = region
    self.pool = pool
  }

  deinit { pool.giveBack(region) }
}
