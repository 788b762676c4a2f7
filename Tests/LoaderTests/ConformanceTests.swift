import Loader
import Platform
import Testing

/// Real checkpoints against the partitions that DeepSpeed, Megatron and vLLM make of them, byte for byte.
@Suite struct ConformanceTests {
  /// Manifest keys without which a case is refused on purpose: its versions contradict each other.
  private static let versionOverride = "megatron_vconflict"

  @Test(
    arguments: Fixtures.cases("megatron_v", "megatron_swiglu", "hf_llama", "torch_")
      .filter { !$0.name.hasPrefix(versionOverride) })
  func everyRankOfEveryDegreeEqualsTheOriginals(_ fixture: Fixtures.Case) throws {
    let description = try fixture.description()
    let path = Path.join(fixture.folder, try #require(description["checkpoint"]?.asText))
    let checkpoint = try CheckpointLoader.load(path)
    let sources = SourceSet(checkpoint.files)
    for mp in try #require(description["mps"]?.asArray).compactMap(\.asInteger) {
      #expect(checkpoint.possibleDegrees.contains(mp))
      for rank in 0..<mp {
        let plan = try Planner(checkpoint, PartitionParameters(rank: rank, mp: mp)).plan()
        let body = try PartitionBody(plan, sources: sources).bytes()
        let expected = try Fixtures.read("\(fixture.folder)/expected/mp\(mp)/rank\(rank).safetensors")
        let differing = try Fixtures.differences(Fixtures.tensors(of: body), Fixtures.tensors(of: expected))
        #expect(differing == [], "mp \(mp) rank \(rank)")
      }
    }
  }

  @Test(arguments: Fixtures.cases("megatron_vconflict"))
  func aContradictionOfVersionsIsRefused(_ fixture: Fixtures.Case) throws {
    let path = Path.join(fixture.folder, try #require(try fixture.description()["checkpoint"]?.asText))
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(path) }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.message.contains("version_override") == true)
  }
}
