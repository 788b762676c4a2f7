import Dispatch
import Platform
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
  private let niceness: Int
  /// The threads of places that were used, where they stand back behind others.
  private let threads = Mutex<[Int: BackgroundThread]>([:])
  private let state: Mutex<State>

  /// A pool that runs at most `limit` pieces of work at a time.
  /// - Parameter niceness: how far the work stands back behind what others do, 0 to 19.
  package init(limit: Int, label: String = "worker", niceness: Int = 0) {
    let limit = max(limit, 1)
    self.niceness = niceness
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
    start(place) { [self] in
      var work = work
      while true {
        work()
        guard let next = takeNext(freeing: place) else { return }
        work = next
      }
    }
  }

  private func start(_ place: Int, _ body: @escaping @Sendable () -> Void) {
    guard niceness > 0, let thread = thread(place) else { return queues[place].async(execute: body) }
    thread.run(body)
  }

  /// The thread of a place; nil where there can be none.
  private func thread(_ place: Int) -> BackgroundThread? {
    threads.withLock { threads in
      if let thread = threads[place] { return thread }
      let thread = try? BackgroundThread(niceness: CInt(clamping: niceness))
      threads[place] = thread
      return thread
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
