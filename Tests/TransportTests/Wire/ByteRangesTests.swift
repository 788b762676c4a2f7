import TestSupport
import Testing

@testable import Transport

@Suite struct ByteRangesTests {
  @Test(
    arguments: [
      ("bytes=0-4", 10, .ranges([0..<5])), ("bytes=2-", 10, .ranges([2..<10])), ("bytes=-5", 10, .ranges([5..<10])),
      ("bytes=3-7", 10, .ranges([3..<8])), ("bytes=0-0,-2", 10, .ranges([0..<1, 8..<10])),
      ("bytes=0-1,5-8", 10, .ranges([0..<2, 5..<9])), ("bytes=0-1,5-", 10, .ranges([0..<2, 5..<10])),
      ("bytes=5-1000", 10, .ranges([5..<10])), ("bytes=-1000", 10, .ranges([0..<10])), ("bytes=0-,0-0", 10, .whole),
      ("bytes= 1-2 , 4-5 ,", 10, .ranges([1..<3, 4..<6])), ("bytes=0-9", 10, .ranges([0..<10])),
      ("BYTES = 1 - 2", 10, .ranges([1..<3])), ("bytes=20-,1-2", 10, .ranges([1..<3])),
      ("bytes=0-99999999999999999999", 10, .ranges([0..<10])), ("bytes=-99999999999999999999", 10, .ranges([0..<10])),
      ("bytes=99999999999999999999-", 10, .unsatisfiable), ("bytes=10-", 10, .unsatisfiable),
      ("bytes=10-20,30-40", 10, .unsatisfiable), ("bytes=-0", 10, .unsatisfiable), ("bytes=0-0", 0, .whole),
      ("bytes=5-4", 10, .unsatisfiable), ("bytes=1-2,5-4", 10, .unsatisfiable), ("bytes=", 10, .unsatisfiable),
      ("bytes=-", 10, .unsatisfiable), ("bytes=a-b", 10, .unsatisfiable), ("bytes=1", 10, .unsatisfiable),
      ("bytes=--1", 10, .unsatisfiable), ("bytes=+1-2", 10, .unsatisfiable), ("bytes=1-2-3", 10, .unsatisfiable),
      ("bytes", 10, .unsatisfiable), ("lines=1-2", 10, .whole), ("", 10, .unsatisfiable),
      ("bytes=0-5,3-9", 10, .whole), ("bytes=0-4,5-9", 10, .ranges([0..<5, 5..<10])),
    ] as [(String, Int, ByteRanges)])
  func aFieldIsReadAsServersDo(value: String, length: Int, ranges: ByteRanges) {
    #expect(ByteRanges.parse(value, length: length) == ranges)
  }

  @Test func tooManyRangesArePassedOver() {
    let many = (0..<65).map { "\($0)-\($0)" }.joined(separator: ",")
    #expect(ByteRanges.parse("bytes=" + many, length: 1000) == .whole)
  }

  @Test func everyRangeLiesWithinAndIsNotEmpty() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789-,= ")
    for _ in 0..<3000 {
      let text = "bytes=" + String((0..<12).compactMap { _ in alphabet.randomElement(using: &generator) })
      let length = Int.random(in: 0...200, using: &generator)
      guard case .ranges(let ranges) = ByteRanges.parse(text, length: length) else { continue }
      #expect(!ranges.isEmpty, "seed \(seed)")
      #expect(ranges.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= length }, "seed \(seed)")
      #expect(ranges.map(\.count).reduce(0, +) <= length, "seed \(seed)")
    }
  }
}
