/// What the `args` of a Megatron checkpoint say of the model: an `argparse.Namespace` that was never made.
///
/// Source: NVIDIA/Megatron-LM `megatron/training/arguments.py`; names that vary with age are tried in turn.
struct MegatronArguments {
  private let values: InertValue

  /// The arguments in a file's outermost dictionary; nil where it has none.
  init?(_ root: InertValue) {
    guard let values = root["args"], !values.isNone else { return nil }
    self.values = values
  }

  /// The model's numbers.
  var geometry: Geometry {
    var geometry = Geometry()
    geometry.heads = count("num_attention_heads")
    geometry.hiddenSize = count("hidden_size")
    geometry.layers = count("num_layers", "encoder_num_layers")
    geometry.headDimension = count("kv_channels")
    geometry.experts = count("num_experts")
    geometry.isGated = values["swiglu"]?.asBoolean ?? (values["glu_activation"]?.asText != nil)
    if values["group_query_attention"]?.asBoolean != false { geometry.keyValueHeads = count("num_query_groups") }
    return geometry
  }

  /// Everything plain that they say.
  var plain: TrainingArguments { TrainingArguments(values) }

  /// Pipeline stages of the run.
  var pipelineStages: Int? { count("pipeline_model_parallel_size") }

  private func count(_ keys: String...) -> Int? {
    for key in keys {
      if let value = values[key]?.asInteger, value > 0, value <= Int(Int32.max) { return value }
    }
    return nil
  }
}
