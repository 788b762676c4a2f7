extension Family {
  /// BLOOM: Q, K and V of a head together (`[heads, 3, head_dim]`), a norm behind the embeddings.
  ///
  /// Source: transformers `models/bloom/modeling_bloom.py` (`BloomAttention._reshape`); DeepSpeed `module_inject/fusedqkv_utils.py`
  /// (`bloomtype`: plain rows) and `containers/bloom.py`; TGI `custom_modeling/bloom_modeling.py`.
  static let bloom = Family("bloom", modelTypes: ["bloom"], hasHuggingFaceNames: true) { _ in
    let layer = "[transformer.]h.#."
    return [
      NameRule("[transformer.]word_embeddings.weight", .vocabulary),
      NameRule("[transformer.]word_embeddings_layernorm.{weight,bias}", .replicated),
      NameRule("\(layer){input,post_attention}_layernorm.{weight,bias}", .replicated),
      NameRule("\(layer)self_attention.query_key_value.{weight,bias}", .fusedQKV(.heads)),
      NameRule("\(layer)self_attention.dense.{weight,bias}", .row),
      NameRule("\(layer)mlp.dense_h_to_4h.{weight,bias}", .column),
      NameRule("\(layer)mlp.dense_4h_to_h.{weight,bias}", .row),
      NameRule("[transformer.]ln_f.{weight,bias}", .replicated),
      NameRule("lm_head.weight", .vocabulary),
      NameRule("score.weight", .replicated),
    ]
  }
}
