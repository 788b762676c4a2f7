internal import Dispatch
internal import Platform

/// Runs work that blocks away from the tasks' threads: each piece on a thread of its own, at most so many at once.
struct BlockingWorkers: Sendable {
  private let permits: Permits

  /// Workers for at most `limit` pieces at once.
  init(limit: Int) {
    permits = Permits(limit)
  }

  /// Runs a piece of work, and waits for its end even where the task is cancelled: then the signal asks it to stop, and
  /// nothing of it runs on when this returns.
  func run<Success: Sendable>(
    _ body: @escaping @Sendable (CancelSignal) throws(WeightClientError) -> Success
  ) async throws(WeightClientError) -> Success {
    guard await permits.take() else { throw .canceled }
    defer { permits.giveBack() }
    let cancel: CancelSignal
    do throws(SystemError) {
      cancel = try CancelSignal()
    } catch {
      throw WeightClientError(error)
    }
    let result = await withTaskCancellationHandler {
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
    return try result.get()
  }
}
