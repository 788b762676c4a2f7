import Loader

/// How far the making of a partition got, and who waits for more of it. Nothing here blocks, reads or writes.
struct MaterializationState<Waiter> {
  /// What can be had.
  enum Phase {
    /// The bytes up to the watermark.
    case writing
    /// Everything, from the file under its final name.
    case stored
    /// Nothing: the cache cannot hold it. Its bytes can still be made.
    case unstored
    /// Nothing: its bytes cannot be made.
    case failed(LoaderError)
  }

  /// Bytes of the body that are there, from its start.
  private(set) var watermark = 0
  /// What can be had.
  private(set) var phase = Phase.writing
  private var waiters: [Waiter] = []

  /// More bytes are there.
  /// - Returns: whom to tell.
  mutating func advanced(to position: Int) -> [Waiter] {
    guard position > watermark else { return [] }
    watermark = position
    return takeWaiters()
  }

  /// It has ended one way or the other; what comes later changes nothing.
  /// - Returns: whom to tell.
  mutating func ended(_ phase: Phase) -> [Waiter] {
    guard case .writing = self.phase else { return [] }
    self.phase = phase
    return takeWaiters()
  }

  /// Someone waits for bytes behind a position.
  /// - Returns: whether there is something to say at once; then the waiter is not kept.
  mutating func wait(behind position: Int, _ waiter: Waiter) -> Bool {
    guard case .writing = phase, watermark <= position else { return true }
    waiters.append(waiter)
    return false
  }

  private mutating func takeWaiters() -> [Waiter] {
    defer { waiters = [] }
    return waiters
  }
}
