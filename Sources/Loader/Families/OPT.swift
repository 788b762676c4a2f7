extension Family {
  /// OPT: learned positions (two rows more than positions), projections around embeddings that are narrower than the model.
  ///
  /// Source: transformers `models/opt/modeling_opt.py`; vLLM `model_executor/models/opt.py` (`OPTDecoder`: `project_in` and
  /// `project_out` are replicated); FlexLLMGen `flexllmgen/opt_config.py` (`decoder.layer_norm`, no `model.`).
  static let opt = Family(
    "opt", modelTypes: ["opt"], hasHuggingFaceNames: true, huggingFace: flexLLMGenNames
  ) { _ in
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
  /// FlexLLMGen's names, which lack OPT's `model.` and call the final norm `layer_norm`; every other source has OPT's own.
  @Sendable private static func flexLLMGenNames(
    _ source: HuggingFaceNames.Source
  ) throws(LoaderError) -> HuggingFaceNames? {
    guard source.sourceType == "flexllmgen" else { return nil }
    let kept =
      ["embed_tokens.weight", "embed_positions.weight", "project_in.weight", "project_out.weight"]
      + ["q_proj", "k_proj", "v_proj", "out_proj"].flatMap { weightAndBias("layers.#.self_attn.\($0)") }
      + ["self_attn_layer_norm", "final_layer_norm", "fc1", "fc2"].flatMap { weightAndBias("layers.#.\($0)") }
    return HuggingFaceNames(
      "opt", .opt,
      kept.map { NameMapping("decoder.\($0)", "model.decoder.\($0)") }
        + NameMapping.both("decoder.{layer_norm,final_layer_norm}", "model.decoder.final_layer_norm")
        + [NameMapping("lm_head.weight", "=")])
  }

  private static func weightAndBias(_ name: String) -> [String] { [name + ".weight", name + ".bias"] }
}
