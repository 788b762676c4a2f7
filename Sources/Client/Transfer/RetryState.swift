/// What a retry policy remembers of one transfer. It has no clock: the caller says how much time has passed.
struct RetryState<Generator: RandomNumberGenerator> {
  /// What to do after a failure.
  enum Decision: Hashable, Sendable {
    /// Try again after a wait.
    case wait(Duration)
    /// End with the error.
    case giveUp
  }

  /// Tries that were begun.
  private(set) var attempts = 1
  private var fruitless = 0
  private var generator: Generator
  private let policy: RetryPolicy

  /// Starts with the first try.
  init(_ policy: RetryPolicy, generator: Generator) {
    self.policy = policy
    self.generator = generator
  }

  /// The try that is under way brought bytes: the failures before it are forgotten.
  mutating func madeProgress() {
    fruitless = 0
  }

  /// Decides what follows a failure, `elapsed` after the first try began.
  mutating func failed(_ error: WeightClientError, elapsed: Duration) -> Decision {
    fruitless += 1
    guard error.isRetryable, fruitless < policy.attempts else { return .giveUp }
    var delay = backoff()
    if let asked = error.retryAfter {
      guard asked <= policy.longestRetryAfter else { return .giveUp }
      delay = max(delay, asked)
    }
    if let limit = policy.totalTime, elapsed + delay >= limit { return .giveUp }
    attempts += 1
    return .wait(delay)
  }

  /// The wait of this failure: between half and all of a step that doubles, so that clients cut at one moment come back apart.
  private mutating func backoff() -> Duration {
    var step = policy.firstDelay
    for _ in 1..<max(fruitless, 1) where step < policy.longestDelay { step = step * 2 }
    step = min(step, policy.longestDelay)
    return step * Double.random(in: 0.5...1, using: &generator)
  }
}

extension RetryState: Sendable where Generator: Sendable {}
