import Loader
import Testing

@testable import WeightServer

@Suite struct CachePolicyTests {
  private func plan(_ change: (inout PartitionParameters) -> Void = { _ in }) throws -> PartitionPlan {
    let loaded = try #require(Sample().catalog.all.first?.loaded)
    var parameters = PartitionParameters(rank: 1, mp: 2)
    change(&parameters)
    return try loaded.plan(parameters)
  }

  @Test func alwaysAndNeverAreWhatTheySay() throws {
    #expect(CachePolicy(mode: .always).decide(try plan()).way == .cached)
    #expect(CachePolicy(mode: .never).decide(try plan()).way == .direct)
    #expect(CachePolicy(mode: .never).decide(try plan { $0.dtype = .bf16 }).way == .ranged)
  }

  @Test func automaticallyASmallBodyIsMadeEachTime() throws {
    let small = try plan { $0.dtype = .bf16 }
    try #require(small.length < CachePolicy.smallBody)
    let decision = CachePolicy(mode: .auto).decide(small)
    #expect(decision.way == .ranged && decision.reason.contains("cast or quantized"))
    #expect(CachePolicy(mode: .auto).decide(try plan()).way == .direct)
  }

  @Test func smallPiecesAreCounted() throws {
    let plan = try plan { ($0.rank, $0.mp) = (1, 4) }
    let small = CachePolicy.bytesInSmallPieces(of: plan)
    #expect(small > 0 && small <= plan.costs.gathered)
  }
}
