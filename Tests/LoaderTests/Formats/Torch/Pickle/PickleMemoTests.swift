import TestSupport
import Testing

@testable import Loader

@Suite struct PickleMemoTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func itRemembersWhatADictionaryWould(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var graph = InertGraph()
    var memo = PickleMemo()
    var expected: [UInt32: InertGraph.ID] = [:]
    for step in 0..<200 {
      let index = Bool.random(using: &random) ? UInt32(memo.count) : UInt32.random(in: 0...40, using: &random)
      let added = graph.add(.integer(step))
      let id = try #require(added)
      memo[index] = id
      expected[index] = id
    }
    memo[.max] = InertGraph.none
    expected[.max] = InertGraph.none
    for index in Array(0...300) + [UInt32.max] { #expect(memo[index] == expected[index], "seed \(seed)") }
    #expect(memo.count == expected.count, "seed \(seed)")
  }
}
