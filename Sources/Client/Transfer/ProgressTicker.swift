internal import Synchronization

/// Says when progress is told of again: not more than some twenty times a second.
final class ProgressTicker: Sendable {
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// The shortest time between two tellings.
  private static let interval = Duration.milliseconds(50)

  /// Whether it is time, or the last chance.
  func isDue(isLast: Bool) -> Bool {
    let now = ContinuousClock.now
    return last.withLock { last in
      if !isLast, let last, last.duration(to: now) < ProgressTicker.interval { return false }
      last = now
      return true
    }
  }
}
