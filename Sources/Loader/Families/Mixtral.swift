extension Family {
  /// Mixtral: LLaMA's attention, and a mixture of experts in each layer, whose tensors are cut inside each expert.
  ///
  /// Source: transformers `models/mixtral/modeling_mixtral.py` (`w1` gate, `w3` up, `w2` down); vLLM
  /// `model_executor/models/mixtral.py` (the router is replicated) and `layers/fused_moe/layer.py` (`_load_w13`, `_load_w2`).
  static let mixtral = Family("mixtral", modelTypes: ["mixtral"], hasHuggingFaceNames: true) { _ in
    let layer = "[model.]layers.#."
    let mixture = "\(layer)block_sparse_moe."
    return [NameRule("[model.]embed_tokens.weight", .vocabulary)] + llamaAttention + [
      NameRule("\(mixture)gate.weight", .replicated),
      NameRule("\(mixture)experts.#.{w1,w3}.weight", .column),
      NameRule("\(mixture)experts.#.w2.weight", .row),
      NameRule("\(layer){input,post_attention}_layernorm.weight", .replicated),
    ] + llamaHead
  }
}
