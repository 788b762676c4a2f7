import Dispatch
import Synchronization

/// Fetches what is expected to be needed, in order, by a few threads at a time. What fails is left to whoever needs it.
final class FetchQueue: Sendable {
  private struct State {
    var waiting: [(object: MirroredObject, range: Range<Int>)] = []
    /// How many of `waiting` were taken.
    var taken = 0
    var workers = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  /// A queue of at most `limit` fetches at once.
  init(limit: Int) {
    self.limit = limit
  }

  /// Adds ranges behind those that wait.
  func add(_ ranges: [Range<Int>], of object: MirroredObject) {
    let started = state.withLock { state in
      state.waiting += ranges.map { (object, $0) }
      let wanted = min(limit, state.workers + ranges.count)
      defer { state.workers = wanted }
      return wanted - state.workers
    }
    for _ in 0..<started { DispatchQueue(label: "weight-server.fetching", qos: .utility).async { self.work() } }
  }

  private func work() {
    while let next = take() { next.object.fetchAhead(next.range) }
  }

  private func take() -> (object: MirroredObject, range: Range<Int>)? {
    state.withLock { state in
      guard state.taken < state.waiting.count else {
        state.waiting = []
        state.taken = 0
        state.workers -= 1
        return nil
      }
      defer { state.taken += 1 }
      return state.waiting[state.taken]
    }
  }
}
