internal import Synchronization

/// A fixed number of permits that tasks wait for in order.
final class Permits: Sendable {
  private struct Waiter {
    let identity: Int
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var next = 0
    var waiters: [Waiter] = []
    /// Waiters whose task was cancelled before they stood in line.
    var abandoned: Set<Int> = []
  }

  private let state: Mutex<State>

  /// So many permits, at least one.
  init(_ count: Int) {
    state = Mutex(State(free: max(count, 1)))
  }

  /// Waits for a permit; false, and none taken, where the task is cancelled first.
  func take() async -> Bool {
    let identity = state.withLock { state in
      state.next += 1
      return state.next
    }
    defer { state.withLock { _ = $0.abandoned.remove(identity) } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state -> Bool? in
          if state.abandoned.contains(identity) { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append(Waiter(identity: identity, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      abandon(identity)
    }
  }

  /// Gives a permit back: to the task that waits longest, if one does.
  func giveBack() {
    let next = state.withLock { state -> Waiter? in
      if !state.waiters.isEmpty { return state.waiters.removeFirst() }
      state.free += 1
      return nil
    }
    next?.continuation.resume(returning: true)
  }

  private func abandon(_ identity: Int) {
    let waiter = state.withLock { state -> Waiter? in
      guard let index = state.waiters.firstIndex(where: { $0.identity == identity }) else {
        state.abandoned.insert(identity)
        return nil
      }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }
}
