extension Family {
  /// GPT-2, whose `Conv1D` keeps matrices as `[in, out]`: columns are the last axis.
  ///
  /// Source: transformers `models/gpt2/modeling_gpt2.py` and `pytorch_utils.py` (`Conv1D`); vLLM `model_executor/models/gpt2.py`
  /// (`load_weights` transposes, `c_attn` is Q, K and V one after the other).
  static let gpt2 = Family("gpt2", modelTypes: ["gpt2"], hasHuggingFaceNames: true) { _ in
    let layer = "[transformer.]h.#."
    return [
      NameRule("[transformer.]wte.weight", .vocabulary),
      NameRule("[transformer.]wpe.weight", .replicated),
      NameRule("\(layer){ln_1,ln_2}.{weight,bias}", .replicated),
      NameRule("\(layer)attn.c_attn.{weight,bias}", .fusedQKV(.blocks, .last)),
      NameRule("\(layer){attn,mlp}.c_proj.{weight,bias}", .rowTransposed),
      NameRule("\(layer)attn.{bias,masked_bias}", .replicated, isOptional: true),
      NameRule("\(layer)mlp.c_fc.{weight,bias}", .columnTransposed),
      NameRule("[transformer.]ln_f.{weight,bias}", .replicated),
      NameRule("lm_head.weight", .vocabulary),
      NameRule("score.weight", .replicated),
    ]
  }
}
