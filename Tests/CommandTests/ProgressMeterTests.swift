import Testing
import WeightServerClient

@testable import Command

@Suite struct ProgressMeterTests {
  func progress(_ stored: Int, _ total: Int, from resumed: Int = 0) -> TransferProgress {
    TransferProgress(stored: stored, total: total, resumedFrom: resumed, attempt: 1)
  }

  @Test func theRateIsThatOfTheLastSeconds() throws {
    var meter = ProgressMeter(ranks: [0], mp: 1)
    for second in 0...10 { meter.update(rank: 0, progress(second * 100, 10_000), at: Double(second)) }
    for second in 11...20 { meter.update(rank: 0, progress(1000 + (second - 10) * 900, 10_000), at: Double(second)) }
    let rate = try #require(meter.rate)
    #expect(abs(rate - 900) < 1)
    #expect(meter.remaining == 0)
  }

  @Test func whatAnEarlierPullStoredIsNoRate() throws {
    var meter = ProgressMeter(ranks: [0], mp: 1)
    meter.update(rank: 0, progress(5000, 10_000, from: 5000), at: 0)
    #expect(meter.rate == nil)
    #expect(meter.remaining == nil)
    meter.update(rank: 0, progress(5100, 10_000, from: 5000), at: 1)
    #expect(meter.rate == 100)
    #expect(meter.remaining == 49)
    #expect(meter.fraction == 0.51)
  }

  @Test func ranksThatHaveNotBegunCount() {
    var meter = ProgressMeter(ranks: [0, 1, 2, 3], mp: 4)
    meter.update(rank: 1, progress(100, 100), at: 0)
    meter.update(rank: 2, progress(50, 100), at: 1)
    #expect(meter.fraction == 0.375)
    #expect(meter.plainLine == "1/4 ranks   37 %  150 B of 400 B  50 B/s  ETA 0:05")
  }

  @Test(arguments: [0, 1, 20, 60, 80, 100, 200])
  func aLineFitsItsColumns(columns: Int) {
    var meter = ProgressMeter(ranks: [3], mp: 8)
    meter.update(rank: 3, progress(0, 1 << 40), at: 0)
    meter.update(rank: 3, progress(1 << 39, 1 << 40), at: 10)
    let line = meter.line(columns: columns)
    #expect(line.count <= max(columns - 1, 0))
    if columns == 200 { #expect(line.contains("[====================>                   ]")) }
  }

  @Test func nothingKnownIsALineToo() {
    let meter = ProgressMeter(ranks: [0], mp: 2)
    #expect(meter.plainLine == "rank 0 of 2    0 %  0 B  -  ETA -:--")
  }
}
