extension Family {
  /// GPT-NeoX and Pythia: Q, K and V of a head together (`[heads, 3, head_dim]`).
  ///
  /// Source: transformers `models/gpt_neox/modeling_gpt_neox.py`; vLLM `model_executor/models/gpt_neox.py` (`load_weights`); TGI
  /// `custom_modeling/flash_neox_modeling.py` (`load_qkv`).
  static let gptNeoX = Family("gpt_neox", modelTypes: ["gpt_neox"], hasHuggingFaceNames: true) { _ in
    let layer = "[gpt_neox.]layers.#."
    return [
      NameRule("[gpt_neox.]embed_in.weight", .vocabulary),
      NameRule("\(layer){input,post_attention}_layernorm.{weight,bias}", .replicated),
      NameRule("\(layer)attention.query_key_value.{weight,bias}", .fusedQKV(.heads)),
      NameRule("\(layer)attention.dense.{weight,bias}", .row),
      NameRule("\(layer)attention.{bias,masked_bias,rotary_emb.inv_freq}", .replicated, isOptional: true),
      NameRule("\(layer)mlp.dense_h_to_4h.{weight,bias}", .column),
      NameRule("\(layer)mlp.dense_4h_to_h.{weight,bias}", .row),
      NameRule("[gpt_neox.]final_layer_norm.{weight,bias}", .replicated),
      NameRule("{embed_out,lm_head}.weight", .vocabulary),
    ]
  }
}
