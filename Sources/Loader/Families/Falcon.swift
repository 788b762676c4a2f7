extension Family {
  /// Falcon: one fused QKV in one of three orders, as its configuration says. Multi-query (7B): all queries, one key, one value.
  /// New decoder architecture (40B, 180B, 11B): groups of queries, each with its key and value. Neither: Q, K and V head by head.
  ///
  /// Source: transformers `models/falcon/modeling_falcon.py` (`FalconAttention._split_heads`) and `configuration_falcon.py`; vLLM
  /// `model_executor/models/falcon.py` (`FalconAttention`, `load_weights`: keys and values are repeated above their number); TGI
  /// `custom_modeling/flash_rw_modeling.py` (`RWConfig`: `RefinedWeb` is the 40B's old name and means groups).
  static let falcon = Family(
    "falcon", modelTypes: ["falcon", "RefinedWeb", "RefinedWebModel"], hasHuggingFaceNames: true,
    configure: { (configuration, context) throws(LoaderError) in
      let isGrouped =
        try configuration.boolean("new_decoder_architecture") ?? (configuration.modelType == "RefinedWeb")
      if isGrouped {
        context.fusedOrder = .groups
        context.geometry.keyValueHeads = try configuration.number("num_kv_heads", "n_head_kv") ?? context.geometry.heads
      } else if try configuration.boolean("multi_query") ?? true {
        context.fusedOrder = .multiQuery
        context.geometry.keyValueHeads = 1
      } else {
        context.fusedOrder = .heads
        context.geometry.keyValueHeads = nil
      }
    }
  ) { context in
    let layer = "[transformer.]h.#."
    return [
      NameRule("[transformer.]word_embeddings.weight", .vocabulary),
      NameRule("\(layer){input_layernorm,post_attention_layernorm,ln_attn,ln_mlp}.{weight,bias}", .replicated),
      NameRule(
        "\(layer)self_attention.query_key_value.{weight,bias}", .fusedQKV(context.fusedOrder ?? .multiQuery)),
      NameRule("\(layer)self_attention.dense.{weight,bias}", .row),
      NameRule("\(layer)self_attention.rotary_emb.inv_freq", .replicated, isOptional: true),
      NameRule("\(layer)mlp.dense_h_to_4h.{weight,bias}", .column),
      NameRule("\(layer)mlp.dense_4h_to_h.{weight,bias}", .row),
      NameRule("[transformer.]ln_f.{weight,bias}", .replicated),
      NameRule("lm_head.weight", .vocabulary),
    ]
  }
}
