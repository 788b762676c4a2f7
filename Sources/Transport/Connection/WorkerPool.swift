import Dispatch
import Synchronization

/// Runs work that blocks, a bounded number at a time, first come first served.
///
/// Each place is a serial queue: Dispatch gives a serial queue a thread at once, while a concurrent one gets no more threads than
/// there are cores, and others only after a second of standing still.
package final class WorkerPool: Sendable {
  private struct State {
    var idle: [Int]
    var waiting: [@Sendable () -> Void] = []
    var next = 0
  }

  private let queues: [DispatchQueue]
  private let state: Mutex<State>

  /// A pool that runs at most `limit` pieces of work at a time.
  package init(limit: Int, label: String = "worker") {
    let limit = max(limit, 1)
    queues = (0..<limit).map { DispatchQueue(label: "\(label)-\($0)") }
    state = Mutex(State(idle: Array(0..<limit)))
  }

  /// What a pool has to do at a moment.
  package struct Load: Hashable, Sendable {
    /// Pieces of work that may run at a time.
    package let limit: Int
    /// Those that run.
    package let busy: Int
    /// Those that wait for a place.
    package let waiting: Int
  }

  /// What there is to do now.
  package var load: Load {
    state.withLock { state in
      Load(limit: queues.count, busy: queues.count - state.idle.count, waiting: state.waiting.count - state.next)
    }
  }

  /// Runs `work` soon, on some thread.
  package func run(_ work: @escaping @Sendable () -> Void) {
    let place: Int? = state.withLock { state in
      if let place = state.idle.popLast() { return place }
      state.waiting.append(work)
      return nil
    }
    guard let place else { return }
    queues[place].async { [self] in
      var work = work
      while true {
        work()
        guard let next = takeNext(freeing: place) else { return }
        work = next
      }
    }
  }

  /// The work that waits longest; where none does, the place becomes free.
  private func takeNext(freeing place: Int) -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard state.next < state.waiting.count else {
        state.idle.append(place)
        state.waiting = []
        state.next = 0
        return nil
      }
      let work = state.waiting[state.next]
      state.waiting[state.next] = {}
      state.next += 1
      // The front that was taken is dropped once it is the larger part.
      if state.next > 32, state.next * 2 > state.waiting.count {
        state.waiting.removeFirst(state.next)
        state.next = 0
      }
      return work
    }
  }
}
