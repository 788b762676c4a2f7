import Dispatch
import Synchronization

/// Runs work that may block on a bounded number of threads, and refuses it where too much of it waits.
final class WorkQueue: Sendable {
  private let workers: DispatchQueue
  private let limit: Int
  private let width: Int
  private let state = Mutex(State())

  private struct State {
    var running = 0
    var waiting: [@Sendable () -> Void] = []
    var first = 0
  }

  /// - Parameters:
  ///   - width: pieces of work that run at a time.
  ///   - limit: pieces of work that may wait.
  init(label: String, width: Int, limit: Int) {
    workers = DispatchQueue(label: label, attributes: .concurrent)
    self.width = width
    self.limit = limit
  }

  /// Runs work soon; false, and nothing is run, where too much waits already.
  func run(_ work: @escaping @Sendable () -> Void) -> Bool {
    let starts: Bool? = state.withLock { state in
      if state.running < width {
        state.running += 1
        return true
      }
      guard state.waiting.count - state.first < limit else { return nil }
      state.waiting.append(work)
      return false
    }
    guard let starts else { return false }
    if starts { workers.async { self.drain(startingWith: work) } }
    return true
  }

  private func drain(startingWith work: @escaping @Sendable () -> Void) {
    var next: (@Sendable () -> Void)? = work
    while let work = next {
      work()
      next = state.withLock { state in
        guard state.first < state.waiting.count else {
          state.running -= 1
          return nil
        }
        let work = state.waiting[state.first]
        state.first += 1
        if state.first == state.waiting.count || state.first > 1024 {
          state.waiting.removeFirst(state.first)
          state.first = 0
        }
        return work
      }
    }
  }
}
