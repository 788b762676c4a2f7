import Synchronization

/// Paces what is sent to each address, however many connections it has.
final class Pacer: Sendable {
  private let rate: Int
  private let buckets = Mutex<[String: TokenBucket]>([:])
  /// Addresses from which on those are forgotten that have rested.
  private static let limit = 1024

  /// - Parameter rate: bytes a second.
  init(rate: Int) { self.rate = rate }

  /// Takes bytes for an address.
  /// - Returns: how many may be sent now, at least one, or how long to wait.
  func take(_ wanted: Int, for address: String, at now: ContinuousClock.Instant) -> Grant {
    buckets.withLock { buckets in
      if buckets.count >= Pacer.limit, buckets[address] == nil {
        buckets = buckets.filter { entry in
          var bucket = entry.value
          return !bucket.isFull(at: now)
        }
      }
      var bucket = buckets[address] ?? TokenBucket(rate: rate, at: now)
      let taken = bucket.take(wanted, at: now)
      buckets[address] = bucket
      return taken > 0 ? .bytes(taken) : .wait(bucket.wait())
    }
  }

  /// Puts bytes back that were not sent.
  func giveBack(_ count: Int, for address: String) {
    buckets.withLock { $0[address]?.giveBack(count) }
  }

  /// What an address may do.
  enum Grant: Hashable {
    case bytes(Int)
    case wait(Duration)
  }
}
