import Synchronization

/// The least and the greatest number of groups that are too large to be looked at again for each window. What is forgotten is
/// found again; so little is kept that memory does not grow with a partition.
final class GroupExtremes: Sendable {
  private let known: Mutex<[Key: Extremes]> = Mutex([:])

  private static let limit = 1 << 14

  /// A group of a tensor.
  struct Key: Hashable {
    let tensor: Int
    let group: Int
  }

  /// The least and the greatest number of a group.
  struct Extremes {
    let least: Float
    let greatest: Float
  }

  /// What is known of a group.
  subscript(key: Key) -> Extremes? {
    get { known.withLock { $0[key] } }
    set {
      known.withLock { known in
        if known.count >= GroupExtremes.limit { known.removeAll(keepingCapacity: true) }
        known[key] = newValue
      }
    }
  }
}
