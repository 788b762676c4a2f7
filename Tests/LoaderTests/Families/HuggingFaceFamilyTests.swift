import Testing

@testable import Loader

/// The families whose tables depend on nothing but names, each against a list.
@Suite struct HuggingFaceFamilyTests {
  @Test func bloom() {
    var table = FamilyTable(.bloom)
    table.check([
      ("transformer.word_embeddings.weight", .vocabulary), ("word_embeddings.weight", .vocabulary),
      ("transformer.word_embeddings_layernorm.bias", .replicated),
      ("transformer.h.0.self_attention.query_key_value.weight", .fusedQKV(.heads)),
      ("h.0.self_attention.query_key_value.bias", .fusedQKV(.heads)),
      ("transformer.h.0.self_attention.dense.bias", .row),
      ("transformer.h.0.mlp.dense_h_to_4h.bias", .column), ("transformer.h.0.mlp.dense_4h_to_h.weight", .row),
      ("transformer.ln_f.weight", .replicated), ("lm_head.weight", .vocabulary),
    ])
  }

  @Test func gpt2() {
    var table = FamilyTable(.gpt2)
    table.check([
      ("transformer.wte.weight", .vocabulary), ("wpe.weight", .replicated), ("h.0.ln_1.bias", .replicated),
      ("transformer.h.0.attn.c_attn.weight", .fusedQKV(.blocks, .last)),
      ("transformer.h.0.attn.c_attn.bias", .fusedQKV(.blocks, .last)),
      ("transformer.h.0.attn.c_proj.weight", .rowTransposed),
      ("transformer.h.0.attn.bias", .replicated), ("transformer.h.0.mlp.c_fc.bias", .columnTransposed),
      ("transformer.h.0.mlp.c_proj.bias", .rowTransposed), ("transformer.ln_f.weight", .replicated),
    ])
  }

  @Test func gptNeoX() {
    var table = FamilyTable(.gptNeoX)
    table.check([
      ("gpt_neox.embed_in.weight", .vocabulary),
      ("gpt_neox.layers.5.attention.query_key_value.bias", .fusedQKV(.heads)),
      ("gpt_neox.layers.5.attention.dense.weight", .row), ("gpt_neox.layers.5.attention.masked_bias", .replicated),
      ("gpt_neox.layers.5.mlp.dense_h_to_4h.weight", .column), ("gpt_neox.final_layer_norm.bias", .replicated),
      ("embed_out.weight", .vocabulary),
    ])
  }

  @Test func opt() {
    var table = FamilyTable(.opt)
    table.check([
      ("model.decoder.embed_tokens.weight", .vocabulary), ("model.decoder.embed_positions.weight", .replicated),
      ("model.decoder.project_in.weight", .replicated), ("decoder.layers.0.self_attn.v_proj.weight", .queryHeads),
      ("model.decoder.layers.0.self_attn.out_proj.bias", .row), ("model.decoder.layers.0.fc1.bias", .column),
      ("model.decoder.layers.0.fc2.weight", .row), ("model.decoder.layers.0.final_layer_norm.weight", .replicated),
      ("decoder.layer_norm.weight", .replicated), ("lm_head.weight", .vocabulary),
    ])
  }

  @Test func bert() {
    var table = FamilyTable(.bert)
    table.check([
      ("bert.embeddings.word_embeddings.weight", .vocabulary), ("embeddings.position_ids", .replicated),
      ("bert.embeddings.LayerNorm.gamma", .replicated), ("encoder.layer.3.attention.self.query.weight", .queryHeads),
      ("bert.encoder.layer.3.attention.self.value.bias", .queryHeads),
      ("bert.encoder.layer.3.attention.output.dense.weight", .row),
      ("bert.encoder.layer.3.attention.output.LayerNorm.bias", .replicated),
      ("bert.encoder.layer.3.intermediate.dense.weight", .column), ("bert.encoder.layer.3.output.dense.weight", .row),
      ("bert.encoder.layer.3.output.LayerNorm.weight", .replicated), ("bert.pooler.dense.weight", .replicated),
      ("cls.predictions.bias", .vocabulary), ("cls.predictions.decoder.weight", .vocabulary),
      ("cls.predictions.transform.LayerNorm.beta", .replicated), ("cls.seq_relationship.weight", .replicated),
    ])
  }

  @Test func phi3() {
    var table = FamilyTable(.phi3)
    table.check([
      ("model.embed_tokens.weight", .vocabulary), ("model.layers.0.self_attn.qkv_proj.weight", .fusedQKV(.blocks)),
      ("model.layers.0.mlp.gate_up_proj.weight", .fusedColumns(2)), ("model.layers.0.mlp.down_proj.weight", .row),
      ("model.layers.0.self_attn.o_proj.weight", .row), ("lm_head.weight", .vocabulary),
      ("model.layers.0.self_attn.q_proj.weight", nil),
    ])
  }

  @Test func mixtral() {
    var table = FamilyTable(.mixtral)
    let mixture = "model.layers.0.block_sparse_moe."
    table.check([
      ("\(mixture)gate.weight", .replicated), ("\(mixture)experts.0.w1.weight", .column),
      ("\(mixture)experts.7.w3.weight", .column), ("\(mixture)experts.7.w2.weight", .row),
      ("model.layers.0.self_attn.k_proj.weight", .keyValueHeads), ("\(mixture)experts.7.w4.weight", nil),
    ])
  }

  @Test func qwenMoE() {
    var table = FamilyTable(.qwenMoE)
    table.check([
      ("model.layers.0.mlp.gate.weight", .replicated), ("model.layers.0.mlp.shared_expert_gate.weight", .replicated),
      ("model.layers.0.mlp.experts.59.gate_proj.weight", .column),
      ("model.layers.0.mlp.experts.0.down_proj.weight", .row),
      ("model.layers.0.mlp.shared_expert.up_proj.weight", .column), ("model.layers.0.mlp.up_proj.weight", .column),
      ("model.layers.0.mlp.shared_expert.down_proj.weight", .row),
      ("model.layers.0.self_attn.q_norm.weight", .replicated),
      ("model.layers.0.self_attn.k_proj.bias", .keyValueHeads),
    ])
  }

  @Test(arguments: [
    ("bloom", "bloom"), ("gpt2", "gpt2"), ("gpt_neox", "gpt_neox"), ("opt", "opt"), ("bert", "bert"), ("phi3", "phi3"),
    ("mixtral", "mixtral"), ("qwen2_moe", "qwen_moe"), ("qwen3_moe", "qwen_moe"), ("deepseek_v2", "deepseek"),
    ("deepseek_v3", "deepseek"), ("falcon", "falcon"),
  ])
  func modelTypesNameTheirFamily(_ type: String, _ family: String) {
    #expect(FamilyRegistry.family(modelType: type)?.name == family)
  }

  @Test func everyFamilyHasANameAndTypesOfItsOwn() {
    let names = FamilyRegistry.all.map(\.name)
    #expect(Set(names).count == names.count)
    let types = FamilyRegistry.all.flatMap(\.modelTypes)
    #expect(Set(types).count == types.count)
  }

  @Test(arguments: [
    (["model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.up_proj.weight", "model.norm.weight"], "llama"),
    (["model.layers.0.self_attn.q_proj.weight", "model.layers.0.block_sparse_moe.gate.weight"], "mixtral"),
    (["gpt_neox.embed_in.weight", "gpt_neox.layers.0.attention.query_key_value.weight"], "gpt_neox"),
    (["transformer.layers.0.attention.query_key_value.weight", "word_embeddings.weight"], "megatron"),
    (["decoder.layers.0.self_attention.linear_qkv.weight", "embedding.word_embeddings.weight"], "megatron_core"),
    (["transformer.h.0.attention.attn_qkvw", "transformer.h.0.norm_w"], "deepspeed_inference"),
    (["model.decoder.layers.0.fc1.weight", "model.decoder.embed_positions.weight"], "opt"),
    (["foo", "bar"], "unknown"),
  ])
  func namesTellTheFamily(_ names: [String], _ family: String) {
    #expect(FamilyRegistry.family(ofNames: names, context: FamilyContext()).family.name == family)
  }
}
