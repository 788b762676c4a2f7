import Testing

@testable import Transport

@Suite struct WriteProgressTests {
  private let start = ContinuousClock.now

  private func isTooSlow(_ progress: inout WriteProgress, after seconds: Double, taken: Int) -> Bool {
    progress.isTooSlow(at: start + .seconds(seconds), taken: taken, time: .seconds(10), least: 100)
  }

  @Test func whoTakesEnoughInEachStretchIsFastEnough() {
    var progress = WriteProgress()
    #expect(!isTooSlow(&progress, after: 100, taken: 0), "nothing was waited for")
    progress.blocked(at: start, taken: 1000)
    #expect(!isTooSlow(&progress, after: 9.9, taken: 1000))
    #expect(!isTooSlow(&progress, after: 10, taken: 1100))
    #expect(!isTooSlow(&progress, after: 19.9, taken: 1100))
    #expect(isTooSlow(&progress, after: 20, taken: 1199))
  }

  @Test func timeInWhichTheServerHadNothingToSendDoesNotCount() {
    var progress = WriteProgress()
    for round in 0..<9 {
      progress.blocked(at: start + .seconds(100 * round), taken: 0)
      progress.unblocked(at: start + .seconds(100 * round + 1))
      #expect(!isTooSlow(&progress, after: Double(100 * round + 99), taken: 0))
    }
    progress.blocked(at: start + .seconds(1000), taken: 0)
    #expect(!isTooSlow(&progress, after: 1000.9, taken: 0))
    #expect(isTooSlow(&progress, after: 1001, taken: 99), "ten seconds in all, however they were cut")
  }

  @Test func beingBlockedTwiceIsBeingBlocked() {
    var progress = WriteProgress()
    progress.blocked(at: start, taken: 0)
    progress.blocked(at: start + .seconds(5), taken: 500)
    #expect(isTooSlow(&progress, after: 10, taken: 99))
  }
}
