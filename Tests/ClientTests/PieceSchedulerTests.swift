import Testing

@testable import WeightServerClient

@Suite struct PieceSchedulerTests {
  @Test func piecesGoOutInOrderAndTogetherAreAll() {
    var scheduler = PieceScheduler(100..<1000, pieceSize: 250)
    let first = scheduler.claimFront(250, at: .zero)
    #expect(first.rest == 100..<350)
    let rest = (0..<4).map { _ in scheduler.claim(at: .zero, hedgeAfter: .seconds(1))?.rest }
    #expect(rest == [350..<600, 600..<850, 850..<1000, nil])
  }

  @Test func theFrontGrowsOnlyWithoutAGap() {
    var scheduler = PieceScheduler(0..<300, pieceSize: 100)
    let claims = (0..<3).compactMap { _ in scheduler.claim(at: .zero, hedgeAfter: nil) }
    #expect(scheduler.received(100, on: claims[1].number, at: .zero) == .isWhole)
    #expect(scheduler.prefix == 0)
    #expect(scheduler.received(60, on: claims[0].number, at: .zero) == .goOn)
    #expect(scheduler.prefix == 60)
    #expect(scheduler.received(40, on: claims[0].number, at: .zero) == .isWhole)
    #expect(scheduler.prefix == 200)
    #expect(scheduler.received(100, on: claims[2].number, at: .zero) == .isWhole)
    #expect(scheduler.isComplete)
  }

  @Test func whatStandsStillIsHedgedOnceAndTheSlowerIsOvertaken() throws {
    var scheduler = PieceScheduler(0..<100, pieceSize: 100)
    let slow = scheduler.claimFront(100, at: .zero)
    _ = scheduler.received(30, on: slow.number, at: .seconds(1))
    #expect(scheduler.claim(at: .seconds(2), hedgeAfter: .seconds(2)) == nil)
    let claimed = scheduler.claim(at: .seconds(3), hedgeAfter: .seconds(2))
    let hedge = try #require(claimed)
    #expect(hedge.rest == 30..<100)
    #expect(scheduler.claim(at: .seconds(9), hedgeAfter: .seconds(2)) == nil)
    // The slow one wakes up, and both bring the same bytes.
    #expect(scheduler.received(10, on: slow.number, at: .seconds(4)) == .goOn)
    #expect(scheduler.received(70, on: hedge.number, at: .seconds(4)) == .isWhole)
    #expect(scheduler.takeOvertaken() == [slow.number])
    #expect(scheduler.received(1, on: slow.number, at: .seconds(4)) == .wasOvertaken)
    #expect(scheduler.isComplete)
  }

  @Test func aPieceThatIsGivenBackGoesOutAgainUnlessAnotherFetchesIt() throws {
    var scheduler = PieceScheduler(0..<100, pieceSize: 50)
    let claims = (0..<2).compactMap { _ in scheduler.claim(at: .zero, hedgeAfter: nil) }
    _ = scheduler.received(20, on: claims[0].number, at: .zero)
    scheduler.giveBack(claims[0].number)
    let again = scheduler.claim(at: .seconds(5), hedgeAfter: nil)
    #expect(again?.rest == 20..<50)
    let hedge = scheduler.claim(at: .seconds(5), hedgeAfter: .seconds(1))
    #expect(hedge?.rest == 50..<100)
    scheduler.giveBack(claims[1].number)
    #expect(scheduler.claim(at: .seconds(5), hedgeAfter: nil) == nil, "the hedge goes on with it")
  }

  /// Lanes that fail, stall and hedge at random: at the end every byte was stored, and none was claimed by three.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func whateverHappensAllIsFetched(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let total = Int.random(in: 0..<40, using: &generator)..<Int.random(in: 40..<2000, using: &generator)
    var scheduler = PieceScheduler(total, pieceSize: Int.random(in: 1..<300, using: &generator))
    var lanes: [Int: PieceScheduler.Claim] = [:]
    var bytes = Set<Int>()
    var now = Duration.zero
    var steps = 0
    while !scheduler.isComplete, steps < 100_000 {
      steps += 1
      now += .milliseconds(Int.random(in: 0..<20, using: &generator))
      let lane = Int.random(in: 0..<4, using: &generator)
      guard var claim = lanes[lane] else {
        lanes[lane] = scheduler.claim(at: now, hedgeAfter: .milliseconds(30))
        continue
      }
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        scheduler.giveBack(claim.number)
        lanes[lane] = nil
      case 1..<4: break
      default:
        let count = Int.random(in: 1...max(claim.rest.count, 1), using: &generator)
        for index in claim.rest.prefix(count) { bytes.insert(index) }
        claim.rest = claim.rest.lowerBound + count..<claim.rest.upperBound
        lanes[lane] = scheduler.received(count, on: claim.number, at: now) == .goOn ? claim : nil
        for number in scheduler.takeOvertaken() {
          if let other = lanes.first(where: { $0.value.number == number })?.key { lanes[other] = nil }
        }
      }
    }
    #expect(bytes == Set(total), "seed \(seed) after \(steps) steps")
  }
}
