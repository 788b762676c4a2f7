import Loader
import Platform
import Testing

/// Real checkpoints against the partitions that DeepSpeed, Megatron and vLLM make of them, byte for byte.
@Suite struct ConformanceTests {
  /// A case that is refused on purpose: its versions contradict each other.
  private static let versionOverride = "megatron_vconflict"

  /// Where we differ from DeepSpeed's partitions on purpose: it never merges `final_linear`, leaves `lm_head` and experts at the
  /// first rank's slice, and finds names by a part of them.
  private static let differences: [String: Set<String>] = [
    "megatron_keys_mp2_fp16": [
      "final_linear.weight", "lm_head.weight", "word_embeddings.weight_norm",
      "transformer.layers.1.mlp.deepspeed_moe.experts.deepspeed_experts.0.dense_h_to_4h.weight",
    ],
    "torch_views_v0_mp2_fp32": ["final_linear.weight"],
  ]

  @Test(
    arguments: Fixtures.cases(
      "megatron_", "hf_", "hubcache_", "torch_", "names_hf_", "mlm_", "mcore_", "dsmodel_", "flexllmgen_"
    )
    .filter { !$0.name.hasPrefix(versionOverride) })
  func everyRankOfEveryDegreeEqualsTheOriginals(_ fixture: Fixtures.Case) throws {
    try ConformanceCase(folder: fixture.folder, except: ConformanceTests.differences[fixture.name] ?? []).check()
  }

  @Test(arguments: Fixtures.cases("bloom_"))
  func aFolderOfBinFilesEqualsWhatDeepSpeedMakesOfIt(_ fixture: Fixtures.Case) throws {
    let folder = ConformanceCase(
      folder: fixture.folder, checkpoint: "checkpoint", query: [("embeddings", "whole")])
    try folder.check()
  }

  @Test(arguments: Fixtures.cases("megatron_vconflict"))
  func aContradictionOfVersionsIsRefused(_ fixture: Fixtures.Case) throws {
    let path = Path.join(fixture.folder, try #require(try fixture.description()["checkpoint"]?.asText))
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(path) }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.message.contains("version_override") == true)
  }
}
