import Loader
import Platform
import TestSupport
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

  /// A checkpoint of one matrix that is split by its columns, large enough to be kept.
  private func wide(columns: Int, rows: Int, mp: Int, dtype: DType? = nil) throws -> PartitionPlan {
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json", #"{"model_type": "llama", "hidden_size": \#(columns), "num_attention_heads": \#(mp)}"#)
    let bytes = rows * columns * 2
    let header =
      #"{"model.layers.0.mlp.down_proj.weight": {"dtype": "BF16", "shape": [\#(rows), \#(columns)], "data_offsets": [0, \#(bytes)]}}"#
    let count = UInt64(header.utf8.count)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    try folder.write("model.safetensors", length + Array(header.utf8) + [UInt8](repeating: 0, count: bytes))
    var options = LoadOptions()
    try options.roots.add(folder: folder.path)
    let loaded = LoadedCheckpoint(try CheckpointLoader.load(folder.path, options: options))
    var parameters = PartitionParameters(rank: 0, mp: mp)
    parameters.dtype = dtype
    return try loaded.plan(parameters)
  }

  @Test func piecesOfACacheLineAreCollectedEachTimeAndSmallerOnesOnce() throws {
    let fine = try wide(columns: 64 * 32, rows: 16_384, mp: 64)
    #expect(CachePolicy.bytesInSmallPieces(of: fine) == 0)
    #expect(CachePolicy(mode: .auto).decide(fine).way == .direct)
    let small = try wide(columns: 64 * 16, rows: 65_536, mp: 64)
    #expect(CachePolicy.bytesInSmallPieces(of: small) == small.costs.gathered)
    let decision = CachePolicy(mode: .auto).decide(small)
    #expect(decision.way == .cached && decision.reason.contains("pieces of fewer than 64 bytes"))
  }

  @Test func whatIsMadeNarrowerIsKeptAndWhatIsMadeWiderIsNot() throws {
    let same = try wide(columns: 1024, rows: 2048, mp: 1, dtype: .f16)
    #expect(CachePolicy(mode: .auto).decide(same).way == .cached)
    let wider = try wide(columns: 1024, rows: 2048, mp: 1, dtype: .f32)
    #expect(CachePolicy(mode: .auto).decide(wider).way == .ranged)
  }

  @Test func whatLiesOnAnotherMachineIsReadOnce() throws {
    let plan = try wide(columns: 1024, rows: 2048, mp: 1)
    #expect(CachePolicy(mode: .auto).decide(plan).way == .direct)
    let decision = CachePolicy(mode: .auto).decide(plan, .init(isRemote: true))
    #expect(decision.way == .cached && decision.reason.contains("another machine"))
  }

  @Test func whatWouldNotStayInMemoryIsNotKept() throws {
    let plan = try wide(columns: 1024, rows: 2048, mp: 1, dtype: .f16)
    let policy = CachePolicy(mode: .auto)
    #expect(policy.decide(plan, .init(availableMemory: 3 * plan.length)).way == .cached)
    let decision = policy.decide(plan, .init(availableMemory: plan.length))
    #expect(decision.way == .ranged && decision.reason.contains("memory"))
  }
}
