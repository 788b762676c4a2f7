import Testing

@testable import WeightServerClient

@Suite struct ByteRangeSetTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func itHoldsWhatWasInsertedAndMissesTheRest(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var set = ByteRangeSet()
    var present = [Bool](repeating: false, count: 64)
    for _ in 0..<12 {
      let start = Int.random(in: 0..<64, using: &generator)
      let end = Int.random(in: start...64, using: &generator)
      set.insert(start..<end)
      for index in start..<end { present[index] = true }
      #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "seed \(seed)")
      #expect(Set(set.ranges.flatMap(Array.init)) == Set(present.indices.filter { present[$0] }), "seed \(seed)")
      let asked = start / 2..<min(end + 3, 64)
      #expect(
        set.missing(from: asked).flatMap(Array.init) == asked.filter { !present[$0] }, "seed \(seed), asked \(asked)")
      #expect(set.end(from: start) == (present[start...].firstIndex(of: false) ?? 64), "seed \(seed)")
    }
  }
}
