import Testing

@testable import Loader

@Suite struct DeepSeekTests {
  private static let configuration = """
    {"model_type":"deepseek_v3","hidden_size":7168,"num_attention_heads":128,"num_key_value_heads":128,
     "qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128}
    """

  @Test func everyNameHasItsRole() throws {
    var table = try FamilyTable(.deepSeek, configuration: DeepSeekTests.configuration)
    table.check([
      ("model.embed_tokens.weight", .vocabulary), ("model.layers.0.self_attn.q_a_proj.weight", .replicated),
      ("model.layers.0.self_attn.kv_a_proj_with_mqa.weight", .replicated),
      ("model.layers.0.self_attn.kv_a_layernorm.weight", .replicated),
      ("model.layers.0.self_attn.q_b_proj.weight", .queryHeads),
      ("model.layers.0.self_attn.q_proj.weight", .queryHeads),
      ("model.layers.0.self_attn.kv_b_proj.weight", .heads(rows: 256)),
      ("model.layers.0.self_attn.o_proj.weight", .row),
      ("model.layers.0.mlp.gate_proj.weight", .column), ("model.layers.4.mlp.gate.weight", .replicated),
      ("model.layers.4.mlp.gate.e_score_correction_bias", .replicated),
      ("model.layers.4.mlp.experts.255.up_proj.weight", .column),
      ("model.layers.4.mlp.experts.0.down_proj.weight", .row),
      ("model.layers.4.mlp.shared_experts.gate_proj.weight", .column),
      ("model.layers.4.mlp.shared_experts.down_proj.weight", .row), ("model.layers.61.eh_proj.weight", .replicated),
      ("model.layers.61.embed_tokens.weight", .vocabulary), ("model.layers.61.shared_head.head.weight", .vocabulary),
      ("model.layers.61.shared_head.norm.weight", .replicated), ("lm_head.weight", .vocabulary),
      ("model.layers.4.mlp.experts.0.down_proj.input_scale", nil),
    ])
  }

  @Test func queriesAndValuesHaveHeadsOfTheirOwnHeights() throws {
    let geometry = try FamilyTable.context(.deepSeek, configuration: DeepSeekTests.configuration).geometry
    #expect(geometry.headDimension == 192)
    let queries = try Role.queryHeads.rule(shape: [24576, 1536], geometry: geometry)
    #expect(queries.form == .units(length: 192, within: nil))
    let values = try Role.heads(rows: geometry.latentValueRows).rule(shape: [32768, 512], geometry: geometry)
    #expect(values.form == .units(length: 256, within: nil))
    #expect(throws: AxisForm.Failure.self) { try Role.queryHeads.rule(shape: [32768, 512], geometry: geometry) }
  }
}
