import Synchronization

/// What was found for keys, to be found again soon: where there is no room for more, all is forgotten.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let limit: Int
  private let values = Mutex<[Key: Value]>([:])

  /// - Parameter limit: values that are kept at most.
  init(limit: Int) { self.limit = limit }

  /// The value of a key.
  subscript(key: Key) -> Value? {
    get { values.withLock { $0[key] } }
    set {
      values.withLock { values in
        if values.count >= limit, values[key] == nil { values.removeAll(keepingCapacity: true) }
        values[key] = newValue
      }
    }
  }
}
