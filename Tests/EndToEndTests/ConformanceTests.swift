import Testing

/// Partitions that DeepSpeed, vLLM and the reference made, against what the daemon serves over HTTP.
@Suite struct ConformanceTests {
  @Test(arguments: [
    "megatron_v0_mp2_to3_fp16", "megatron_v1_mp2_fp16_model", "megatron_v2_mp4_to6_bf16", "megatron_swiglu_mp2_bf16",
    "hf_llama_gqa_bf16", "hf_llama_tied_fp16_single", "torch_protocol4_v2_mp2_fp16",
  ])
  func everyRankEqualsTheOriginals(name: String) throws {
    let folder = Repository.fixture(name)
    let description = try JSON(Repository.read("\(folder)/case.json"))
    let checkpoint = "\(folder)/\(try #require(description["checkpoint"]?.text))"
    try Daemon.run([checkpoint]) { daemon in
      let client = try daemon.client()
      for mp in try #require(description["mps"]?.elements).compactMap(\.integer) {
        for rank in 0..<mp {
          let served = try client.get("/shard?rank=\(rank)&mp=\(mp)").partition()
          let expected = try SafetensorsFile(Repository.read("\(folder)/expected/mp\(mp)/rank\(rank).safetensors"))
          #expect(served.differences(from: expected) == [], "mp \(mp) rank \(rank)")
        }
      }
    }
  }
}
