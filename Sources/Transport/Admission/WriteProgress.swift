/// Whether a client takes an answer fast enough: in each stretch of time in which the server waited for it so long, it has to have taken
/// so many bytes. Time in which the server had nothing to send does not count.
struct WriteProgress {
  private var isRunning = false
  private var waited = Duration.zero
  private var waitsSince: ContinuousClock.Instant?
  private var takenBefore = 0

  /// Nothing was sent yet.
  init() {}

  /// The client takes no more at the moment.
  /// - Parameter taken: bytes that it has taken up to now, asked for where a stretch begins.
  mutating func blocked(at now: ContinuousClock.Instant, taken: @autoclosure () -> Int) {
    if !isRunning {
      isRunning = true
      waited = .zero
      takenBefore = taken()
    }
    if waitsSince == nil { waitsSince = now }
  }

  /// The client takes more.
  mutating func unblocked(at now: ContinuousClock.Instant) {
    if let since = waitsSince { waited += now - since }
    waitsSince = nil
  }

  /// Looks at the time.
  /// - Parameters:
  ///   - taken: bytes that the client has taken up to now, asked for where a stretch is over.
  ///   - time: how long the server waits before it looks.
  ///   - least: bytes that the client has to have taken then.
  /// - Returns: whether the client is too slow.
  mutating func isTooSlow(
    at now: ContinuousClock.Instant, taken: @autoclosure () -> Int, time: Duration, least: Int
  ) -> Bool {
    guard isRunning, let since = waitsSince, waited + (now - since) >= time else { return false }
    let taken = taken()
    if taken - takenBefore < least { return true }
    takenBefore = taken
    waited = .zero
    waitsSince = now
    return false
  }
}
