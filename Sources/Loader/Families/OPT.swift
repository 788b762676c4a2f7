extension Family {
  /// OPT: learned positions (two rows more than positions), projections around embeddings that are narrower than the model.
  ///
  /// Source: transformers `models/opt/modeling_opt.py`; vLLM `model_executor/models/opt.py` (`OPTDecoder`: `project_in` and
  /// `project_out` are replicated); FlexLLMGen `flexllmgen/opt_config.py` (`decoder.layer_norm`, no `model.`).
  static let opt = Family("opt", modelTypes: ["opt"], hasHuggingFaceNames: true) { _ in
    let decoder = "[model.]decoder."
    let layer = "\(decoder)layers.#."
    return [
      NameRule("\(decoder)embed_tokens.weight", .vocabulary),
      NameRule("\(decoder){embed_positions,project_in}.weight", .replicated),
      NameRule("\(layer)self_attn.{q_proj,k_proj,v_proj}.{weight,bias}", .queryHeads),
      NameRule("\(layer)self_attn.out_proj.{weight,bias}", .row),
      NameRule("\(layer){self_attn_layer_norm,final_layer_norm}.{weight,bias}", .replicated),
      NameRule("\(layer)fc1.{weight,bias}", .column),
      NameRule("\(layer)fc2.{weight,bias}", .row),
      NameRule("\(decoder){final_layer_norm,layer_norm}.{weight,bias}", .replicated),
      NameRule("\(decoder)project_out.weight", .replicated),
      NameRule("lm_head.weight", .vocabulary),
    ]
  }
}
