import Testing

@testable import WeightServer

@Suite struct HistogramTests {
  @Test func aTimeCountsInEveryClassThatIsLongEnough() {
    let histogram = Histogram(bounds: [0.001, 1, 60])
    for duration in [Duration.microseconds(1), .milliseconds(1), .milliseconds(2), .seconds(60), .seconds(61)] {
      histogram.observe(duration)
    }
    let snapshot = histogram.snapshot
    #expect(snapshot.cumulative == [2, 3, 4, 5])
    #expect(snapshot.count == 5)
    #expect(abs(snapshot.sum - 121.003001) < 1e-9)
  }

  @Test(arguments: [Histogram.transferBounds, Histogram.waitBounds]) func boundsAscend(bounds: [Double]) {
    #expect(bounds == Array(Set(bounds)).sorted())
  }
}
