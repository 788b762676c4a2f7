extension Family {
  /// DeepSeek-V2 and V3: latent attention, whose low-rank projections every rank holds whole, and a mixture of experts with shared
  /// ones behind a few dense layers. V3's layers for the prediction of several tokens stand behind the model's own.
  ///
  /// Source: transformers `models/deepseek_v2` and `models/deepseek_v3` (`modeling_deepseek_v3.py`); vLLM
  /// `model_executor/models/deepseek_v2.py` (`DeepseekV2Attention`: `q_a_proj` and `kv_a_proj_with_mqa` are replicated, `q_b_proj` and
  /// `kv_b_proj` column parallel by heads of qk_nope + qk_rope and of qk_nope + v rows; `Indexer`: replicated) and `deepseek_mtp.py`.
  static let deepSeek = Family(
    "deepseek", modelTypes: ["deepseek_v2", "deepseek_v3", "deepseek_v32"], hasHuggingFaceNames: true,
    configure: { (configuration, context) throws(LoaderError) in
      let nope = try configuration.number("qk_nope_head_dim")
      let rope = try configuration.number("qk_rope_head_dim")
      let value = try configuration.number("v_head_dim")
      context.geometry.keyValueHeads = nil
      context.geometry.headDimension = nope.flatMap { nope in rope.map { nope + $0 } }
      context.geometry.latentValueRows = nope.flatMap { nope in value.map { nope + $0 } }
    }
  ) { context in
    let layer = "[model.]layers.#."
    let attention = "\(layer)self_attn."
    let columns = "{gate_proj,up_proj}.weight"
    return [
      NameRule("model.embed_tokens.weight", .vocabulary),
      NameRule("\(layer){embed_tokens,shared_head.head}.weight", .vocabulary, isOptional: true),
      NameRule("\(layer){enorm,hnorm,eh_proj,shared_head.norm}.weight", .replicated, isOptional: true),
      NameRule("\(attention){q_a_proj,kv_a_proj_with_mqa}.{weight,bias}", .replicated),
      NameRule("\(attention){q_a_layernorm,kv_a_layernorm}.weight", .replicated),
      NameRule("\(attention){q_proj,q_b_proj}.weight", .queryHeads),
      NameRule("\(attention)kv_b_proj.weight", .heads(rows: context.geometry.latentValueRows)),
      NameRule("\(attention)o_proj.{weight,bias}", .row),
      NameRule("\(attention)indexer.*", .replicated, isOptional: true),
      NameRule("\(attention)rotary_emb.inv_freq", .replicated, isOptional: true),
      NameRule("\(layer)mlp.{gate.weight,gate.e_score_correction_bias}", .replicated, isOptional: true),
      NameRule("\(layer)mlp.experts.#.\(columns)", .column, isOptional: true),
      NameRule("\(layer)mlp.experts.#.down_proj.weight", .row, isOptional: true),
      NameRule("\(layer)mlp.[shared_experts.]\(columns)", .column, isOptional: true),
      NameRule("\(layer)mlp.[shared_experts.]down_proj.weight", .row, isOptional: true),
      NameRule("\(layer){input,post_attention}_layernorm.weight", .replicated),
    ] + llamaHead
  }
}
