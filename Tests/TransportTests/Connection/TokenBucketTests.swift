import TestSupport
import Testing

@testable import Transport

@Suite struct TokenBucketTests {
  private let start = ContinuousClock.now

  @Test func aRestGivesABurstAndNoMore() {
    var bucket = TokenBucket(rate: 1_000_000, at: start)
    #expect(bucket.take(10_000_000, at: start) == 250_000)
    #expect(bucket.take(10_000_000, at: start) == 0)
    #expect(bucket.take(10_000_000, at: start + .seconds(60)) == 250_000)
  }

  @Test(arguments: 0..<10) func overAnyTimeNoMoreThanTheRatePasses(seed: Int) {
    var random = SeededGenerator(seed: seed)
    let rate = random.number(20_000...100_000_000)
    var bucket = TokenBucket(rate: rate, at: start)
    var now = start
    var passed = 0
    for _ in 0..<2000 {
      now += .microseconds(random.number(0...5000))
      passed += bucket.take(random.number(1...4_000_000), at: now)
    }
    let seconds = Double((now - start).components.seconds) + Double((now - start).components.attoseconds) * 1e-18
    #expect(Double(passed) <= Double(rate) * seconds + Double(bucket.capacity) + 1)
  }

  @Test(arguments: [10_000, 1_000_000, 1_000_000_000]) func whoAlwaysWantsMoreGetsTheRate(rate: Int) {
    var bucket = TokenBucket(rate: rate, at: start)
    var now = start
    var passed = 0
    while now < start + .seconds(20) {
      let taken = bucket.take(1 << 30, at: now)
      passed += taken
      if taken == 0 { now += bucket.wait() }
    }
    #expect(passed >= rate * 19)
  }

  @Test func whatDidNotPassIsThereAgain() {
    var bucket = TokenBucket(rate: 1_000_000, at: start)
    #expect(bucket.take(250_000, at: start) == 250_000)
    bucket.giveBack(100_000)
    #expect(bucket.take(250_000, at: start) == 100_000)
  }

  @Test func addressesDoNotShareAndOneAddressDoes() {
    let pacer = Pacer(rate: 1_000_000)
    #expect(pacer.take(1 << 30, for: "a", at: start) == .bytes(250_000))
    #expect(pacer.take(1 << 30, for: "b", at: start) == .bytes(250_000))
    guard case .wait(let time) = pacer.take(1 << 30, for: "a", at: start) else {
      Issue.record("an address passes its rate")
      return
    }
    #expect(time > .zero && time < .seconds(1))
  }
}
