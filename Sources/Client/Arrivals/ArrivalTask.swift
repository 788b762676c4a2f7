/// The transfer behind a sequence that a task iterates: it begins with the first element asked for, and is cancelled when nobody iterates
/// any more.
final class ArrivalTask<Element: Sendable>: Sendable {
  /// What arrives.
  let queue: ArrivalQueue<Element>
  private let task: Task<Void, Never>

  /// Begins a transfer that fills a queue and ends it.
  init(
    limit: Int = .max, _ body: @escaping @Sendable (ArrivalQueue<Element>) async throws(WeightClientError) -> Void
  ) {
    let queue = ArrivalQueue<Element>(limit: limit)
    self.queue = queue
    task = Task {
      do throws(WeightClientError) {
        try await body(queue)
        queue.end(nil)
      } catch {
        queue.end(error)
      }
    }
  }

  deinit { task.cancel() }

  /// The next element, in order.
  func next() async throws(WeightClientError) -> Element? {
    do throws(WeightClientError) {
      return try await queue.next()
    } catch {
      // Nothing of a cancelled task's transfer runs on when it learns of it.
      task.cancel()
      await task.value
      throw error
    }
  }
}
