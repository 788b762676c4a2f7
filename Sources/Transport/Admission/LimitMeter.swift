import Synchronization

/// Counts how often each limit was reached, and tells someone each time.
package final class LimitMeter: Sendable {
  /// That a client has reached a limit.
  package struct Event: Hashable, Sendable {
    /// Which.
    package let limit: Limit
    /// Who: a connection's address.
    package let remote: String
    /// What the client is told, or what becomes of its connection.
    package let consequence: String
  }

  private let counters = Mutex<[Limit: Int]>([:])
  private let onEvent: (@Sendable (Event) -> Void)?

  /// A meter of which every counter is at zero.
  /// - Parameter onEvent: told of each event, on whatever queue it happens; it must not block.
  package init(onEvent: (@Sendable (Event) -> Void)? = nil) {
    self.onEvent = onEvent
  }

  /// How often each limit was reached; those that never were are there too.
  package var counts: [Limit: Int] {
    let reached = counters.withLock { $0 }
    return Dictionary(uniqueKeysWithValues: Limit.allCases.map { ($0, reached[$0] ?? 0) })
  }

  /// A client has reached a limit.
  package func reached(_ limit: Limit, by remote: String, _ consequence: String) {
    counters.withLock { $0[limit, default: 0] += 1 }
    onEvent?(Event(limit: limit, remote: remote, consequence: consequence))
  }

  /// A client is refused for an error's limit; nothing where it has none.
  package func refused(_ error: StatusError, _ remote: String) {
    if let limit = error.limit { reached(limit, by: remote, error.message) }
  }
}
