import Synchronization

/// The bytes of bodies that connections have in memory, and how many there may be.
final class ByteBudget: Sendable {
  /// Bytes from which on nothing new is begun.
  let limit: Int
  private let bytes = Atomic(0)

  init(limit: Int) {
    self.limit = limit
  }

  /// Bytes in memory.
  var held: Int { bytes.load(ordering: .relaxed) }

  /// Whether so many bytes more are too many.
  func isExceeded(by more: Int) -> Bool {
    let (sum, overflow) = held.addingReportingOverflow(more)
    return overflow || sum > limit
  }

  /// A connection has more in memory, or less.
  func change(by difference: Int) {
    bytes.wrappingAdd(difference, ordering: .relaxed)
  }
}
