import Synchronization

/// A flag that is raised once, and that any thread may look at.
package final class CancellationFlag: Sendable {
  private let raised = Atomic(false)

  /// A flag that is not raised.
  package init() {}

  /// Whether it was raised.
  package var isCancelled: Bool { raised.load(ordering: .relaxed) }

  /// Raises it.
  package func cancel() { raised.store(true, ordering: .relaxed) }
}
