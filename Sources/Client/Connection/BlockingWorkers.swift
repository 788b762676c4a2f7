internal import Dispatch
internal import Platform
internal import Synchronization

/// Runs work that blocks away from the tasks' threads: each piece on a thread of its own, at most so many at once.
final class BlockingWorkers: Sendable {
  private struct State {
    var isShutDown = false
    var nextNumber = 0
    var running: [Int: CancelSignal] = [:]
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let permits: Permits
  private let deadline: Duration?
  private let state = Mutex(State())

  /// Workers for at most `limit` pieces at once, each of which may take as long as `deadline`, its wait for a permit included.
  init(limit: Int, deadline: Duration? = nil) {
    permits = Permits(limit)
    self.deadline = deadline
  }

  /// Runs a piece of work, and waits for its end even where the task is cancelled: then the signal asks it to stop, and
  /// nothing of it runs on when this returns.
  func run<Success: Sendable>(
    _ body: @escaping @Sendable (CancelSignal) throws(WeightClientError) -> Success
  ) async throws(WeightClientError) -> Success {
    guard let deadline else { return try await result(of: body).get() }
    let result = await withTaskGroup(of: Result<Success, WeightClientError>?.self) { group in
      group.addTask { await self.result(of: body) }
      group.addTask {
        try? await Task.sleep(for: deadline)
        return nil
      }
      var outcome: Result<Success, WeightClientError>?
      var isLate = false
      for await end in group {
        if let end { outcome = end } else if outcome == nil { isLate = true }
        group.cancelAll()
      }
      if case .failure(let error)? = outcome, error.code == .canceled, isLate, !Task.isCancelled { outcome = nil }
      return outcome ?? .failure(.late(deadline))
    }
    return try result.get()
  }

  private func result<Success: Sendable>(
    of body: @escaping @Sendable (CancelSignal) throws(WeightClientError) -> Success
  ) async -> Result<Success, WeightClientError> {
    guard await permits.take() else { return .failure(.canceled) }
    defer { permits.giveBack() }
    let (number, cancel): (Int, CancelSignal)
    do throws(WeightClientError) {
      (number, cancel) = try begin()
    } catch {
      return .failure(error)
    }
    defer { end(number) }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Success, WeightClientError>, Never>) in
        // A serial queue of its own has a thread at once; a shared one would wait for those that block.
        DispatchQueue(label: "weight-server-client.transfer").async {
          let result: Result<Success, WeightClientError>
          do throws(WeightClientError) {
            result = .success(try body(cancel))
          } catch {
            result = .failure(error)
          }
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      cancel.cancel()
    }
  }

  // MARK: The end

  private func begin() throws(WeightClientError) -> (Int, CancelSignal) {
    let cancel: CancelSignal
    do throws(SystemError) {
      cancel = try CancelSignal()
    } catch {
      throw WeightClientError(error)
    }
    let number = state.withLock { state -> Int? in
      guard !state.isShutDown else { return nil }
      state.nextNumber += 1
      state.running[state.nextNumber] = cancel
      return state.nextNumber
    }
    guard let number else { throw WeightClientError(.request, .failedPrecondition, "the client was shut down") }
    return (number, cancel)
  }

  private func end(_ number: Int) {
    let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.running[number] = nil
      guard state.isShutDown, state.running.isEmpty else { return [] }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Stops what runs, and waits until nothing does. Nothing can be begun any more.
  func shutDown() async {
    let running = state.withLock { state in
      state.isShutDown = true
      return Array(state.running.values)
    }
    for cancel in running { cancel.cancel() }
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if !state.running.isEmpty { state.waiters.append(continuation) }
        return state.running.isEmpty
      }
      if isIdle { continuation.resume() }
    }
  }
}

extension WeightClientError {
  /// The deadline of a call has passed.
  fileprivate static func late(_ deadline: Duration) -> WeightClientError {
    WeightClientError(.connection, .deadlineExceeded, "not done within the deadline of \(deadline)")
  }
}
