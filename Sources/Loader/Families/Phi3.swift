extension Family {
  /// Phi-3 and Phi-4: LLaMA's layers with Q, K and V in one matrix, and gate and up in another.
  ///
  /// Source: transformers `models/phi3/modeling_phi3.py` (`Phi3Attention`, `Phi3MLP`); vLLM `model_executor/models/phi3.py` and
  /// `layers/linear.py` (`QKVParallelLinear` and `MergedColumnParallelLinear` cut a fused weight part by part); DeepSpeed
  /// `module_inject/fusedqkv_utils.py` (`_phi3_type_transpose`, `shard_chunk_mlp`). transformers' own plan cuts plain rows and gathers.
  static let phi3 = Family("phi3", modelTypes: ["phi3"], hasHuggingFaceNames: true) { _ in
    let layer = "[model.]layers.#."
    return [
      NameRule("[model.]embed_tokens.weight", .vocabulary),
      NameRule("\(layer)self_attn.qkv_proj.{weight,bias}", .fusedQKV(.blocks)),
      NameRule("\(layer)self_attn.o_proj.{weight,bias}", .row),
      NameRule("\(layer)self_attn.rotary_emb.inv_freq", .replicated, isOptional: true),
      NameRule("\(layer)mlp.gate_up_proj.{weight,bias}", .fusedColumns(2)),
      NameRule("\(layer)mlp.down_proj.{weight,bias}", .row),
      NameRule("\(layer){input,post_attention}_layernorm.weight", .replicated),
    ] + llamaHead
  }
}
