import Testing

@testable import WeightServerClient

@Suite struct RetryStateTests {
  static let down = WeightClientError(.connection, .unavailable, "down")

  func state(_ policy: RetryPolicy, seed: UInt64 = 1) -> RetryState<SplitMix64> {
    RetryState(policy, generator: SplitMix64(seed: seed))
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func waitsDoubleUpToTheLongestAndLieInTheUpperHalf(seed: UInt64) throws {
    let policy = RetryPolicy(attempts: 8, firstDelay: .milliseconds(100), longestDelay: .milliseconds(1000))
    var state = state(policy, seed: seed)
    for step in [100, 200, 400, 800, 1000, 1000, 1000] {
      guard case .wait(let delay) = state.failed(Self.down, elapsed: .zero) else {
        Issue.record("gave up at \(step), seed \(seed)")
        return
      }
      #expect(delay >= .milliseconds(step / 2) && delay <= .milliseconds(step), "seed \(seed)")
    }
    #expect(state.failed(Self.down, elapsed: .zero) == .giveUp)
    #expect(state.attempts == 8)
  }

  @Test func progressForgetsWhatFailedBefore() {
    var state = state(RetryPolicy(attempts: 2))
    for _ in 0..<20 {
      guard case .wait = state.failed(Self.down, elapsed: .zero) else {
        Issue.record("gave up")
        return
      }
      state.madeProgress()
    }
    #expect(state.attempts == 21)
  }

  @Test func retryAfterIsTheLeastWaitUpToItsLimit() {
    var error = WeightClientError(.server, .unavailable, "loading", retryAfter: .seconds(7))
    var state = state(RetryPolicy(longestDelay: .seconds(1)))
    #expect(state.failed(error, elapsed: .zero) == .wait(.seconds(7)))
    error.retryAfter = .seconds(121)
    #expect(state.failed(error, elapsed: .zero) == .giveUp)
  }

  @Test func noTryBeginsAfterTheTotalTime() {
    var state = state(RetryPolicy(firstDelay: .seconds(1), totalTime: .seconds(10)))
    guard case .wait = state.failed(Self.down, elapsed: .seconds(5)) else {
      Issue.record("gave up early")
      return
    }
    #expect(state.failed(Self.down, elapsed: .seconds(9.5)) == .giveUp)
  }

  @Test(arguments: WeightClientError.Code.allCases)
  func onlyAMomentsReasonIsTriedAgain(code: WeightClientError.Code) {
    var state = state(RetryPolicy())
    let decision = state.failed(WeightClientError(.server, code, "x"), elapsed: .zero)
    let isTriedAgain = decision != .giveUp
    #expect(isTriedAgain == [.unavailable, .resourceExhausted, .deadlineExceeded].contains(code))
    for origin in [WeightClientError.Origin.request, .content, .local] {
      #expect(state.failed(WeightClientError(origin, code, "x"), elapsed: .zero) == .giveUp)
    }
  }
}
