import Synchronization

/// Counts the bytes of an answer as they leave, for whoever watches it meanwhile.
package final class SendMeter: Sendable {
  private let counter = Atomic(0)

  /// A meter at zero.
  package init() {}

  /// Bytes of the head and the body that were handed to the kernel so far.
  package var bytes: Int { counter.load(ordering: .relaxed) }

  /// Counts.
  func count(_ bytes: Int) { counter.count(bytes) }
}
