import Testing

@testable import Loader

@Suite struct ScaledWeightsTests {
  private func model(_ weight: [Int], _ scales: [Int], block: String = "[4, 4]") -> SmallLLaMA {
    var model = SmallLLaMA(layers: 0)
    model.configuration = """
      {"model_type":"llama","hidden_size":8,"num_attention_heads":2,"head_dim":8,
       "quantization_config":{"quant_method":"fp8","weight_block_size":\(block)}}
      """
    model.add("model.layers.0.self_attn.q_proj.weight", weight, .f8e4m3)
    model.add("model.layers.0.self_attn.q_proj.weight_scale_inv", scales, .f32)
    return model
  }

  @Test func aScaleGoesWithItsBlocks() throws {
    let checkpoint = try model([16, 8], [4, 2]).load()
    #expect(checkpoint.warnings == [])
    #expect(checkpoint.possibleDegrees == [1, 2])
    let plan = try Planner(checkpoint, PartitionParameters(rank: 1, mp: 2)).plan()
    let shapes = Dictionary(plan.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    #expect(shapes["model.layers.0.self_attn.q_proj.weight"] == [8, 8])
    #expect(shapes["model.layers.0.self_attn.q_proj.weight_scale_inv"] == [2, 2])
  }

  @Test func aHeadThatEndsWithinABlockCannotBeCutOff() throws {
    let one = try model([16, 8], [1, 1], block: "[16, 8]").load()
    #expect(one.possibleDegrees == [1])
    let refusal = #expect(throws: LoaderError.self) { try Planner(one, PartitionParameters(rank: 0, mp: 2)).plan() }
    #expect(refusal?.code == .failedPrecondition)
    #expect(refusal?.message.contains("blocks of 16 share a scale") == true)
  }

  @Test(arguments: [[4, 1], [3, 2], [4, 2, 1], [8]])
  func scalesThatAreNotTheBlocksAreRefused(_ scales: [Int]) {
    let error = #expect(throws: LoaderError.self) { try model([16, 8], scales).load() }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.message.contains("4 x 4 of [16, 8] would be [4, 2]") == true, "\(error?.message ?? "")")
  }

  @Test func aScaleForTheWholeWeightIsHeldByAll() throws {
    var model = model([16, 8], [])
    model.remove("model.layers.0.self_attn.q_proj.weight_scale_inv")
    model.add("model.layers.0.self_attn.q_proj.weight_scale", [], .f32)
    let plan = try Planner(try model.load(), PartitionParameters(rank: 1, mp: 2)).plan()
    #expect(plan.tensors.first { $0.name.hasSuffix("_scale") }?.rule == .replicated)
    #expect(plan.tensors.first { $0.name.hasSuffix("q_proj.weight") }?.shape == [8, 8])
  }

  @Test func aScaleForEachRowGoesWithTheRows() throws {
    var model = model([16, 8], [])
    model.remove("model.layers.0.self_attn.q_proj.weight_scale_inv")
    model.add("model.layers.0.self_attn.q_proj.weight_scale", [16, 1], .f32)
    let plan = try Planner(try model.load(), PartitionParameters(rank: 1, mp: 2)).plan()
    #expect(plan.tensors.first { $0.name.hasSuffix("_scale") }?.shape == [8, 1])
  }

  @Test(arguments: ["[128]", "[0, 128]", "\"128\"", "[128, 128, 128]"])
  func aBlockSizeThatIsNoneIsRefused(_ block: String) {
    let error = #expect(throws: LoaderError.self) { try model([16, 8], [4, 2], block: block).load() }
    #expect(error?.message.contains("weight_block_size") == true)
  }
}
