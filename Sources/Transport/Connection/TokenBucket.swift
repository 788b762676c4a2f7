/// Lets so many bytes a second pass, and a short burst after a rest. It knows no clock: whoever asks says what time it is.
struct TokenBucket {
  /// Bytes a second.
  private let rate: Int
  /// Bytes that may pass at once after a rest.
  let capacity: Int
  private var level: Int
  private var filled: ContinuousClock.Instant

  /// Bytes that one may always wait for, so that no send is tiny.
  private static let least = 16 << 10

  /// A bucket that is full.
  init(rate: Int, at now: ContinuousClock.Instant) {
    self.rate = max(rate, 1)
    // A quarter of a second.
    capacity = max(rate / 4, TokenBucket.least)
    level = capacity
    filled = now
  }

  /// Takes bytes out: as many as are wanted and may pass now; none where it is better to wait for more.
  mutating func take(_ wanted: Int, at now: ContinuousClock.Instant) -> Int {
    fill(now)
    guard level >= min(wanted, TokenBucket.least) else { return 0 }
    let taken = min(wanted, level)
    level -= taken
    return taken
  }

  /// Puts bytes back that did not pass after all.
  mutating func giveBack(_ count: Int) {
    level = min(level + count, capacity)
  }

  /// How long to wait until bytes may pass again.
  func wait() -> Duration {
    let missing = max(TokenBucket.least - level, 1)
    return .nanoseconds(Int64(clamping: missing) * 1_000_000_000 / Int64(clamping: rate) + 1)
  }

  /// Whether it is as if it was never used.
  mutating func isFull(at now: ContinuousClock.Instant) -> Bool {
    fill(now)
    return level == capacity
  }

  private mutating func fill(_ now: ContinuousClock.Instant) {
    let (seconds, attoseconds) = (now - filled).components
    guard seconds >= 0, attoseconds >= 0 else { return }
    let added = (Double(seconds) + Double(attoseconds) * 1e-18) * Double(rate)
    // What is less than a byte is kept as time.
    guard added >= 1 else { return }
    level += Int(min(added, Double(capacity - level)))
    filled = now
  }
}
