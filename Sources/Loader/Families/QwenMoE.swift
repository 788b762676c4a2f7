extension Family {
  /// Qwen2-MoE and Qwen3-MoE: LLaMA's attention; layers have an MLP or a mixture, Qwen2's with an expert that all tokens share.
  ///
  /// Source: transformers `models/qwen2_moe/modeling_qwen2_moe.py` and `models/qwen3_moe/modeling_qwen3_moe.py`; vLLM
  /// `model_executor/models/qwen2_moe.py` (`Qwen2MoeSparseMoeBlock`: the router and the shared expert's gate are replicated) and
  /// `qwen3_moe.py`.
  static let qwenMoE = Family(
    "qwen_moe", modelTypes: ["qwen2_moe", "qwen3_moe"], hasHuggingFaceNames: true
  ) { _ in
    let layer = "[model.]layers.#."
    let columns = "{gate_proj,up_proj}.weight"
    return [NameRule("[model.]embed_tokens.weight", .vocabulary)] + llamaAttention + [
      NameRule("\(layer)mlp.{gate,shared_expert_gate}.weight", .replicated, isOptional: true),
      NameRule("\(layer)mlp.experts.#.\(columns)", .column, isOptional: true),
      NameRule("\(layer)mlp.experts.#.down_proj.weight", .row, isOptional: true),
      NameRule("\(layer)mlp.[shared_expert.]\(columns)", .column, isOptional: true),
      NameRule("\(layer)mlp.[shared_expert.]down_proj.weight", .row, isOptional: true),
      NameRule("\(layer){input,post_attention}_layernorm.weight", .replicated),
    ] + llamaHead
  }
}
