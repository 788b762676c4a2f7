/// When a failed request is tried again, and how long to wait before.
public struct RetryPolicy: Sendable, Hashable {
  /// Tries in a row that bring no byte, the first among them; 1 never tries again.
  public var attempts: Int
  /// The wait after the first failure; it doubles with each failure in a row.
  public var firstDelay: Duration
  /// The longest wait of the policy's own. A longer `Retry-After` is honoured up to `longestRetryAfter`.
  public var longestDelay: Duration
  /// The longest `Retry-After` that is waited for; a longer one ends the transfer with the server's error.
  public var longestRetryAfter: Duration
  /// Time after which no new try begins, from the first one's start; nil for no limit.
  public var totalTime: Duration?

  /// A policy.
  public init(
    attempts: Int = 6, firstDelay: Duration = .milliseconds(100), longestDelay: Duration = .seconds(10),
    longestRetryAfter: Duration = .seconds(120), totalTime: Duration? = nil
  ) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.longestRetryAfter = longestRetryAfter
    self.totalTime = totalTime
  }

  /// One try only.
  public static let never = RetryPolicy(attempts: 1)
}
