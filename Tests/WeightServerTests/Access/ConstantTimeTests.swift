import TestSupport
import Testing

@testable import WeightServer

@Suite struct ConstantTimeTests {
  @Test func itAgreesWithEquality() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let one = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
      var other = one
      #expect(ConstantTime.isEqual(one, other))
      other[Int.random(in: 0..<32, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      #expect(!ConstantTime.isEqual(one, other), "seed 7")
    }
    #expect(!ConstantTime.isEqual([1], []))
    #expect(ConstantTime.isEqual([], []))
  }
}
