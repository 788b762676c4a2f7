/// What a checkpoint's arguments and its mapped tensors say of the model, as the fields of a `config.json`.
struct ModelFacts {
  private typealias Field = HuggingFaceConfigurationWriter.Field
  private typealias Value = HuggingFaceConfigurationWriter.Value

  private let modelType: String
  private let arguments: TrainingArguments
  private let geometry: Geometry
  private let tensors: [String: LogicalTensor]
  private let layers: Int
  private let vocabularySize: Int?

  init(_ checkpoint: Checkpoint) throws(LoaderError) {
    let mapping = try checkpoint.huggingFace()
    guard let modelType = mapping.modelType, !checkpoint.arguments.isEmpty else {
      throw LoaderError(
        .failedPrecondition,
        "config.json cannot be made: the checkpoint has no args of Megatron's; put a config.json beside it, or in the folder that"
          + " the manifest's key assets names")
    }
    self.modelType = modelType
    arguments = checkpoint.arguments
    geometry = checkpoint.context.geometry
    tensors = Dictionary(mapping.tensors.map { ($0.name, $0) }) { first, _ in first }
    layers = (mapping.tensors.compactMap(\.layer).max() ?? -1) + 1
    vocabularySize = checkpoint.vocabularySize(for: .huggingFace)
  }

  /// The fields of the model's type.
  func fields() throws(LoaderError) -> [HuggingFaceConfigurationWriter.Field] {
    switch modelType {
    case "gpt2": try gpt2()
    case "gpt_neox": try gptNeoX()
    default: try llama()
    }
  }

  // MARK: Models

  private func gpt2() throws(LoaderError) -> [Field] {
    [
      text("architectures", .texts(["GPT2LMHeadModel"]), "the names of the tensors"),
      text("model_type", .text("gpt2"), "position embeddings are learned"),
      try vocabulary("transformer.wte.weight"),
      try extent("n_positions", "transformer.wpe.weight", axis: 0),
      try extent("n_embd", "transformer.wte.weight", axis: 1),
      text("n_layer", .integer(layers), "the tensors' layers"),
      try heads("n_head"),
      try extent("n_inner", "transformer.h.0.mlp.c_fc.weight", axis: 1),
      text("activation_function", .text(activation.name), activation.origin),
      epsilon("layer_norm_epsilon"),
      ties("transformer.wte.weight", "lm_head.weight"), try dtype("transformer.wte.weight"),
    ]
  }

  private func gptNeoX() throws(LoaderError) -> [Field] {
    [
      text("architectures", .texts(["GPTNeoXForCausalLM"]), "the names of the tensors"),
      text("model_type", .text("gpt_neox"), "norms have biases, and no position embeddings are learned"),
      try vocabulary("gpt_neox.embed_in.weight"),
      try extent("hidden_size", "gpt_neox.embed_in.weight", axis: 1),
      try extent("intermediate_size", "gpt_neox.layers.0.mlp.dense_h_to_4h.weight", axis: 0),
      text("num_hidden_layers", .integer(layers), "the tensors' layers"),
      try heads("num_attention_heads"), try positions(),
      text("hidden_act", .text(activation.name), activation.origin), epsilon("layer_norm_eps"),
      number("rotary_pct", "rotary_percent", default: 1), number("rotary_emb_base", "rotary_base", default: 10_000),
      text("use_parallel_residual", .boolean(false), "Megatron-LM's attention and MLP follow one another"),
      ties("gpt_neox.embed_in.weight", "embed_out.weight"), try dtype("gpt_neox.embed_in.weight"),
    ]
  }

  private func llama() throws(LoaderError) -> [Field] {
    let classes = [
      "mistral": "MistralForCausalLM", "mixtral": "MixtralForCausalLM", "qwen2": "Qwen2ForCausalLM",
      "qwen3": "Qwen3ForCausalLM",
    ]
    let isMixture = modelType == "mixtral"
    let gate = isMixture ? "block_sparse_moe.experts.0.w1" : "mlp.gate_proj"
    var fields = [
      text("architectures", .texts([classes[modelType] ?? "LlamaForCausalLM"]), "the names of the tensors"),
      text("model_type", .text(modelType), "the names of the tensors"),
      try vocabulary("model.embed_tokens.weight"), try extent("hidden_size", "model.embed_tokens.weight", axis: 1),
      try extent("intermediate_size", "model.layers.0.\(gate).weight", axis: 0),
      text("num_hidden_layers", .integer(layers), "the tensors' layers"), try heads("num_attention_heads"),
      try keyValueHeads(), try headDimension(), try positions(), text("hidden_act", .text("silu"), "args.swiglu"),
      epsilon("rms_norm_eps"), number("rope_theta", "rotary_base", default: 10_000),
    ]
    if let scaling = ropeScaling() { fields.append(scaling) }
    if modelType == "llama" {
      fields.append(presence("attention_bias", "model.layers.0.self_attn.o_proj.bias"))
      fields.append(presence("mlp_bias", "model.layers.0.mlp.down_proj.bias"))
    }
    if modelType == "qwen3" { fields.append(presence("attention_bias", "model.layers.0.self_attn.q_proj.bias")) }
    if modelType == "mistral" { fields.append(try count("sliding_window", "window_size")) }
    if isMixture {
      let experts = (tensors.values.compactMap(\.expert).max() ?? -1) + 1
      fields.append(text("num_local_experts", .integer(experts), "the tensors' experts"))
      fields.append(try count("num_experts_per_tok", "moe_router_topk"))
    }
    return fields + [
      ties("model.embed_tokens.weight", "lm_head.weight"), try dtype("model.embed_tokens.weight"),
    ]
  }

  // MARK: Fields

  private func text(_ key: String, _ value: Value, _ origin: String) -> Field {
    Field(key: key, value: value, origin: origin)
  }

  private func unknown(_ key: String, _ argument: String) -> LoaderError {
    LoaderError(
      .failedPrecondition,
      "config.json cannot be made: nothing says \(key) (args.\(argument)); put a config.json beside the checkpoint, or in the"
        + " folder that the manifest's key assets names")
  }

  /// A number of the arguments.
  private func count(_ key: String, _ argument: String) throws(LoaderError) -> Field {
    guard let value = arguments.firstCount(argument) else { throw unknown(key, argument) }
    return text(key, .integer(value), "args.\(argument)")
  }

  private func number(_ key: String, _ argument: String, default fallback: Double) -> Field {
    guard let value = arguments.number(argument) else {
      return text(key, .number(fallback), "args has no \(argument): Megatron-LM's default")
    }
    return text(key, .number(value), "args.\(argument)")
  }

  private func extent(_ key: String, _ tensor: String, axis: Int) throws(LoaderError) -> Field {
    guard let shape = tensors[tensor]?.shape, shape.indices.contains(axis) else { throw unknown(key, key) }
    return text(key, .integer(shape[axis]), "dim \(axis) of \(tensor)")
  }

  private func vocabulary(_ tensor: String) throws(LoaderError) -> Field {
    guard let vocabularySize else { return try extent("vocab_size", tensor, axis: 0) }
    let isArgument = arguments.count("vocab_size") == vocabularySize
    return text("vocab_size", .integer(vocabularySize), isArgument ? "args.vocab_size" : "the manifest's vocab_size")
  }

  private func heads(_ key: String) throws(LoaderError) -> Field {
    guard let heads = geometry.heads else { throw unknown(key, "num_attention_heads") }
    return text(key, .integer(heads), "args.num_attention_heads")
  }

  private func keyValueHeads() throws(LoaderError) -> Field {
    guard let heads = geometry.keyValueHeadCount else { throw unknown("num_key_value_heads", "num_query_groups") }
    return text(
      "num_key_value_heads", .integer(heads),
      geometry.keyValueHeads == nil ? "args has no query groups: as many as attention heads" : "args.num_query_groups")
  }

  private func headDimension() throws(LoaderError) -> Field {
    let name = "model.layers.0.self_attn.q_proj.weight"
    guard let heads = geometry.heads, let rows = tensors[name]?.shape.first, rows % heads == 0 else {
      throw unknown("head_dim", "kv_channels")
    }
    return text("head_dim", .integer(rows / heads), "dim 0 of \(name) over the attention heads")
  }

  private func positions() throws(LoaderError) -> Field {
    for argument in ["max_position_embeddings", "seq_length"] {
      if let value = arguments.count(argument) {
        return text("max_position_embeddings", .integer(value), "args.\(argument)")
      }
    }
    throw unknown("max_position_embeddings", "max_position_embeddings")
  }

  private func epsilon(_ key: String) -> Field {
    for argument in ["norm_epsilon", "layernorm_epsilon"] {
      if let value = arguments.number(argument) { return text(key, .number(value), "args.\(argument)") }
    }
    return text(key, .number(1e-5), "args has no norm_epsilon: Megatron-LM's default")
  }

  /// The activation as transformers' converter tells it.
  private var activation: (name: String, origin: String) {
    if arguments.boolean("openai_gelu") == true { return ("gelu_new", "args.openai_gelu") }
    switch arguments.boolean("bias_gelu_fusion") {
    case true?: return ("gelu_fast", "args.bias_gelu_fusion")
    case false?: return ("gelu", "args.bias_gelu_fusion is false")
    case nil: return ("gelu_new", "args does not say: the one of Megatron-LM before it had a choice")
    }
  }

  /// Source: NVIDIA/Megatron-LM `megatron/core/models/common/embeddings/rotary_pos_embedding.py`, `_apply_scaling`, whose other numbers are
  /// the same constants.
  private func ropeScaling() -> Field? {
    guard arguments.boolean("use_rope_scaling") == true else { return nil }
    let factor = arguments.number("rope_scaling_factor")
    let members: [(String, Value)] = [
      ("rope_type", .text("llama3")), ("factor", .number(factor ?? 8)), ("low_freq_factor", .number(1)),
      ("high_freq_factor", .number(4)), ("original_max_position_embeddings", .integer(8192)),
    ]
    return text(
      "rope_scaling", .object(members.map { .init(key: $0.0, value: $0.1) }),
      "args.use_rope_scaling" + (factor == nil ? "" : ", args.rope_scaling_factor"))
  }

  private func presence(_ key: String, _ tensor: String) -> Field {
    let isThere = tensors[tensor] != nil
    return text(key, .boolean(isThere), isThere ? "\(tensor) is there" : "there is no \(tensor)")
  }

  private func ties(_ embedding: String, _ head: String) -> Field {
    text(
      "tie_word_embeddings", .boolean(tensors[head] == nil),
      tensors[head] == nil ? "there is no \(head): the head is \(embedding)" : "\(head) is there")
  }

  private func dtype(_ tensor: String) throws(LoaderError) -> Field {
    let names: [DType: String] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16", .f64: "float64"]
    guard let dtype = tensors[tensor]?.dtype, let name = names[dtype] else {
      throw unknown("torch_dtype", "params_dtype")
    }
    return text("torch_dtype", .text(name), "the dtype of \(tensor)")
  }
}
