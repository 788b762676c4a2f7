import Dispatch
import Synchronization

/// Runs work that blocks, a bounded number at a time, first come first served.
package final class WorkerPool: Sendable {
  private struct State {
    var running = 0
    var waiting: [@Sendable () -> Void] = []
    var next = 0
  }

  private let limit: Int
  private let queue: DispatchQueue
  private let state = Mutex(State())

  /// A pool that runs at most `limit` pieces of work at a time.
  package init(limit: Int, label: String = "worker") {
    self.limit = max(limit, 1)
    queue = DispatchQueue(label: label, attributes: .concurrent)
  }

  /// Runs `work` soon, on some thread.
  package func run(_ work: @escaping @Sendable () -> Void) {
    let starts = state.withLock { state in
      if state.running < limit {
        state.running += 1
        return true
      }
      state.waiting.append(work)
      return false
    }
    if starts { start(work) }
  }

  private func start(_ work: @escaping @Sendable () -> Void) {
    queue.async { [self] in
      var work = work
      while true {
        work()
        guard let next = takeNext() else { return }
        work = next
      }
    }
  }

  private func takeNext() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard state.next < state.waiting.count else {
        state.running -= 1
        state.waiting = []
        state.next = 0
        return nil
      }
      let work = state.waiting[state.next]
      state.waiting[state.next] = {}
      state.next += 1
      // The front that was taken is dropped once it is the larger part.
      if state.next * 2 > state.waiting.count, state.next > 32 {
        state.waiting.removeFirst(state.next)
        state.next = 0
      }
      return work
    }
  }
}
