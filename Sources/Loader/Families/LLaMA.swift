extension Family {
  /// LLaMA and the families that share its names: Mistral, Qwen2, Qwen3, Gemma.
  ///
  /// Source: transformers `models/llama/modeling_llama.py` and `configuration_llama.py` (`base_model_tp_plan`), vLLM
  /// `model_executor/models/llama.py` and `layers/linear.py` (`QKVParallelLinear`: a key/value head is repeated above their number).
  static let llama = Family(
    "llama", modelTypes: ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"],
    hasHuggingFaceNames: true
  ) { _ in
    let layer = "[model.]layers.#."
    return [
      NameRule("[model.]embed_tokens.weight", .vocabulary),
      NameRule("\(layer)self_attn.q_proj.{weight,bias}", .queryHeads),
      NameRule("\(layer)self_attn.{k_proj,v_proj}.{weight,bias}", .keyValueHeads),
      NameRule("\(layer)self_attn.o_proj.{weight,bias}", .row),
      NameRule("\(layer)self_attn.{q_norm,k_norm}.weight", .replicated),
      NameRule("\(layer)self_attn.rotary_emb.inv_freq", .replicated),
      NameRule("\(layer)mlp.{gate_proj,up_proj}.{weight,bias}", .column),
      NameRule("\(layer)mlp.down_proj.{weight,bias}", .row),
      NameRule("\(layer){input,post_attention,pre_feedforward,post_feedforward}_layernorm.weight", .replicated),
      NameRule("[model.]norm.weight", .replicated),
      NameRule("lm_head.weight", .vocabulary),
    ]
  }
}
