import Testing

@testable import Loader

@Suite struct LLaMATests {
  @Test func everyNameHasItsRole() {
    var table = FamilyTable(.llama)
    table.check([
      ("model.embed_tokens.weight", .vocabulary), ("embed_tokens.weight", .vocabulary),
      ("model.layers.0.self_attn.q_proj.weight", .queryHeads), ("model.layers.0.self_attn.q_proj.bias", .queryHeads),
      ("model.layers.0.self_attn.k_proj.weight", .keyValueHeads),
      ("model.layers.0.self_attn.v_proj.bias", .keyValueHeads), ("model.layers.31.self_attn.o_proj.weight", .row),
      ("model.layers.0.self_attn.q_norm.weight", .replicated), ("model.layers.0.mlp.gate_proj.weight", .column),
      ("model.layers.0.mlp.up_proj.weight", .column), ("model.layers.0.mlp.down_proj.weight", .row),
      ("model.layers.0.input_layernorm.weight", .replicated),
      ("model.layers.0.pre_feedforward_layernorm.weight", .replicated), ("model.norm.weight", .replicated),
      ("lm_head.weight", .vocabulary), ("model.layers.0.self_attn.q_proj.lora_A.weight", nil),
      ("model.layers.x.mlp.up_proj.weight", nil), ("x.lm_head.weight", nil),
    ])
  }

  @Test(arguments: [
    (#"{"model_type":"gemma","hidden_size":3072,"num_attention_heads":16}"#, 256),
    (#"{"model_type":"gemma","hidden_size":3072,"num_attention_heads":16,"head_dim":64}"#, 64),
    (#"{"model_type":"qwen3","hidden_size":1024,"num_attention_heads":16}"#, 128),
    (#"{"model_type":"llama","hidden_size":1024,"num_attention_heads":16}"#, 64),
    (#"{"model_type":"mistral","hidden_size":5120,"num_attention_heads":32,"head_dim":128}"#, 128),
  ])
  func aHeadIsAsWideAsTheConfigurationOrItsDefaultSays(_ text: String, _ rows: Int) throws {
    #expect(try FamilyTable.context(.llama, configuration: text).geometry.headDimension == rows)
  }

  @Test(arguments: ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"])
  func itsModelTypesAreKnown(_ type: String) {
    #expect(FamilyRegistry.family(modelType: type)?.name == "llama")
  }
}
