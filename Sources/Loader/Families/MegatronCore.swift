extension Family {
  /// Megatron-Core's GPT and BERT: queries in groups with their key and value in one `linear_qkv`, gate and up in one `linear_fc1`,
  /// norms that Transformer Engine fuses into the layer behind them, experts one by one or numbered in one module.
  ///
  /// Source: NVIDIA/Megatron-LM `tools/checkpoint/schema_core.py`; `megatron/core/transformer/attention.py`
  /// (`SelfAttention.get_query_key_value_tensors`: `[groups, heads / groups + 2, head_dim]`, plain rows above a rank a group),
  /// `mlp.py` (gate and up of a rank are `[gate; up]`), `moe/experts.py` (`SequentialMLP`, `TEGroupedMLP`), `moe/shared_experts.py`.
  static let megatronCore = Family(
    "megatron_core", ignored: ["*._extra_state"], huggingFace: megatronCoreNames
  ) { context in
    let layer = "*{decoder,encoder}.layers.#."
    let attention = "\(layer)self_attention."
    let first = context.geometry.isGated ? Role.fusedColumns(2) : .column
    return [
      NameRule("*embedding.word_embeddings.weight", .vocabulary),
      NameRule("*embedding.{position,tokentype}_embeddings.weight", .replicated),
      NameRule("\(attention)linear_qkv.{weight,bias}", .fusedQKV(.groupsThenRows)),
      NameRule("\(attention)linear_proj.{weight,bias}", .row),
      NameRule("\(attention){q_layernorm,k_layernorm}.{weight,bias}", .replicated),
      NameRule(
        "\(layer){self_attention.linear_qkv,mlp.linear_fc1}.layer_norm_{weight,bias}", .replicated, isOptional: true),
      NameRule("\(layer){input_layernorm,pre_mlp_layernorm}.{weight,bias}", .replicated, isOptional: true),
      NameRule("\(layer){post_self_attn_layernorm,post_mlp_layernorm}.{weight,bias}", .replicated, isOptional: true),
      NameRule("\(layer)mlp.router.{weight,bias,expert_bias}", .replicated, isOptional: true),
      NameRule("\(layer)mlp.experts.local_experts.#.linear_fc1.{weight,bias}", first, isOptional: true),
      NameRule("\(layer)mlp.experts.local_experts.#.linear_fc2.{weight,bias}", .row, isOptional: true),
      NameRule("\(layer)mlp.experts.linear_fc1.{weight,bias}#", first, isOptional: true),
      NameRule("\(layer)mlp.experts.linear_fc2.{weight,bias}#", .row, isOptional: true),
      NameRule("\(layer)mlp.shared_experts.gate_weight", .replicated, isOptional: true),
      NameRule("\(layer)mlp.[shared_experts.]linear_fc1.{weight,bias}", first, isOptional: true),
      NameRule("\(layer)mlp.[shared_experts.]linear_fc2.{weight,bias}", .row, isOptional: true),
      NameRule("*{decoder,encoder}.{final_layernorm,final_norm}.{weight,bias}", .replicated),
      NameRule("{pooler.dense,binary_head,lm_head.dense,lm_head.layer_norm}.{weight,bias}", .replicated),
      NameRule("*output_layer.{weight,bias}", .vocabulary),
    ]
  }
}
