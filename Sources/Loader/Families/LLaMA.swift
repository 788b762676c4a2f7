extension Family {
  /// LLaMA and the families that share its names: Mistral, Qwen2, Qwen3, Gemma.
  ///
  /// Source: transformers `models/llama/modeling_llama.py` and `configuration_llama.py` (`base_model_tp_plan`), `models/qwen2`, `qwen3`,
  /// `gemma`, `gemma2`, `gemma3` and `mistral` likewise; vLLM `model_executor/models/llama.py` and `layers/linear.py`
  /// (`QKVParallelLinear`: a key/value head is repeated above their number).
  static let llama = Family(
    "llama",
    modelTypes: ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"],
    hasHuggingFaceNames: true, configure: llamaDefaults
  ) { _ in
    let layer = "[model.]layers.#."
    return [NameRule("[model.]embed_tokens.weight", .vocabulary)] + llamaAttention + [
      NameRule("\(layer)mlp.{gate_proj,up_proj}.{weight,bias}", .column),
      NameRule("\(layer)mlp.down_proj.{weight,bias}", .row),
      NameRule(
        "\(layer){input,post_attention,pre_feedforward,post_feedforward}_layernorm.weight", .replicated),
    ] + llamaHead
  }

  /// The attention of LLaMA's layers, which other families share.
  static let llamaAttention: [NameRule] = {
    let attention = "[model.]layers.#.self_attn."
    return [
      NameRule("\(attention)q_proj.{weight,bias}", .queryHeads),
      NameRule("\(attention){k_proj,v_proj}.{weight,bias}", .keyValueHeads),
      NameRule("\(attention)o_proj.{weight,bias}", .row),
      NameRule("\(attention){q_norm,k_norm}.weight", .replicated),
      NameRule("\(attention)rotary_emb.inv_freq", .replicated, isOptional: true),
    ]
  }()

  /// What comes behind LLaMA's layers, which other families share.
  static let llamaHead = [
    NameRule("[model.]norm.weight", .replicated),
    NameRule("lm_head.{weight,bias}", .vocabulary),
    NameRule("score.weight", .replicated),
  ]

  /// The width of a head where `config.json` leaves it out and it is not the hidden size over the heads.
  ///
  /// Source: the defaults of `head_dim` in transformers `configuration_gemma.py`, `configuration_gemma2.py`,
  /// `configuration_gemma3.py` (256) and `configuration_qwen3.py` (128).
  @Sendable private static func llamaDefaults(
    _ configuration: HuggingFaceConfiguration, _ context: inout FamilyContext
  ) throws(LoaderError) {
    guard try configuration.number("head_dim") == nil else { return }
    switch configuration.modelType {
    case "gemma", "gemma2", "gemma3_text": context.geometry.headDimension = 256
    case "qwen3": context.geometry.headDimension = 128
    default: break
    }
  }
}
