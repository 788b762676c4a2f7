internal import Dispatch
internal import Platform
internal import Synchronization

/// What a transfer hands to the task that follows it: in order, and with a bound on how far it may be ahead.
final class ArrivalQueue<Element: Sendable>: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Element?, WeightClientError>, Never>

  private struct State {
    var ready: [(element: Element, cost: Int)] = []
    var ahead = 0
    var end: WeightClientError??
    var waiter: Waiter?
  }

  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: 0)
  private let limit: Int

  /// Longest sleep of a transfer that waits for room, before it looks at its signal.
  private static var interval: DispatchTimeInterval { .milliseconds(50) }

  /// A queue in which elements may lie that cost as much as `limit`.
  init(limit: Int = .max) {
    self.limit = limit
  }

  // MARK: The transfer's side

  /// Waits until something of this cost may be begun: there is room for it, or nothing lies here.
  func waitForRoom(_ cost: Int, cancel: CancelSignal) throws(WeightClientError) {
    while true {
      if cancel.isCancelled { throw .canceled }
      let fits = state.withLock { $0.ahead == 0 || cost <= limit - min($0.ahead, limit) }
      if fits { return }
      _ = room.wait(timeout: .now() + Self.interval)
    }
  }

  /// Hands an element over. With `replacing`, it takes the place of one that nobody has taken yet.
  func put(_ element: Element, cost: Int = 0, replacing: Bool = false) {
    let waiter = state.withLock { state -> Waiter? in
      guard state.end == nil else { return nil }
      if let waiter = state.waiter.take() { return waiter }
      if replacing { state.ready = [] }
      state.ready.append((element, cost))
      state.ahead += cost
      return nil
    }
    waiter?.resume(returning: .success(element))
  }

  /// Nothing follows; the error comes after what lies here.
  func end(_ error: WeightClientError?) {
    let waiter = state.withLock { state -> Waiter? in
      guard state.end == nil else { return nil }
      state.end = .some(error)
      return state.waiter.take()
    }
    waiter?.resume(returning: error.map { .failure($0) } ?? .success(nil))
  }

  // MARK: The task's side

  /// The next element; nil behind the last.
  func next() async throws(WeightClientError) -> Element? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: Waiter) in
        let answer = state.withLock { state -> Result<Element?, WeightClientError>? in
          if let first = state.ready.first {
            state.ready.removeFirst()
            state.ahead -= first.cost
            return .success(first.element)
          }
          if let end = state.end { return end.map { .failure($0) } ?? .success(nil) }
          if Task.isCancelled { return .failure(.canceled) }
          state.waiter = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiter.take() }?.resume(returning: .failure(.canceled))
    }
    room.signal()
    return try result.get()
  }
}
