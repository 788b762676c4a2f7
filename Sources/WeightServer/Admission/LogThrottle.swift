/// Lets one line a second through, and counts those that it keeps back.
struct LogThrottle {
  private static let interval = Duration.seconds(1)

  private var last: ContinuousClock.Instant?
  private var times = 0

  /// Something happened.
  /// - Returns: how often it did since the last line, where a line is due; else nil.
  mutating func note(at now: ContinuousClock.Instant) -> Int? {
    times += 1
    if let last, now - last < LogThrottle.interval { return nil }
    defer { times = 0 }
    last = now
    return times
  }
}
