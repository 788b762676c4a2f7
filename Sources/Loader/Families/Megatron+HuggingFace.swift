/// What Megatron-LM's GPT and Megatron-Core's are called by Hugging Face: GPT-2 where positions are learned, else LLaMA or its
/// relatives where nothing has a bias but Q, K and V, else GPT-NeoX.
///
/// Source: transformers `models/megatron_gpt2/convert_megatron_gpt2_checkpoint.py` (GPT-2), EleutherAI/gpt-neox
/// `tools/ckpts/convert_neox_to_hf.py` (GPT-NeoX), NVIDIA/Megatron-LM `tools/checkpoint/loader_llama_mistral.py` and
/// `loader_mixtral_hf.py` (LLaMA, Mistral, Qwen2, Mixtral).
extension Family {
  /// A Hugging Face model for a Megatron source.
  @Sendable static func megatronNames(
    _ source: HuggingFaceNames.Source
  ) throws(LoaderError) -> HuggingFaceNames? {
    let attention = "*layers.#.{attention,self_attention}."
    return try names(
      source,
      MegatronParts(
        wordEmbeddings: "*word_embeddings.weight", positions: "*position_embeddings.weight",
        inputNorms: ["*layers.#.input_layernorm"], mlpNorms: ["*layers.#.post_attention_layernorm"],
        attention: "\(attention)query_key_value", output: "\(attention)dense", order: source.context.megatronRows,
        mlpInput: "*layers.#.mlp.dense_h_to_4h", mlpOutput: "*layers.#.mlp.dense_4h_to_h",
        finalNorm: "*{final_layernorm,transformer.final_norm,transformer.ln_f,transformer.norm}",
        head: "*{lm_head,output_layer}.weight", headCopy: "*word_embeddings_for_head.weight",
        isGated: source.context.geometry.isGated))
  }

  /// A Hugging Face model for a Megatron-Core source.
  @Sendable static func megatronCoreNames(
    _ source: HuggingFaceNames.Source
  ) throws(LoaderError) -> HuggingFaceNames? {
    let layer = "*decoder.layers.#."
    return try names(
      source,
      MegatronParts(
        wordEmbeddings: "*embedding.word_embeddings.weight", positions: "*embedding.position_embeddings.weight",
        inputNorms: ["\(layer)input_layernorm", "\(layer)self_attention.linear_qkv.layer_norm_"],
        mlpNorms: ["\(layer)pre_mlp_layernorm", "\(layer)mlp.linear_fc1.layer_norm_"],
        attention: "\(layer)self_attention.linear_qkv", output: "\(layer)self_attention.linear_proj",
        order: .qkvGroups, mlpInput: "\(layer)mlp.linear_fc1", mlpOutput: "\(layer)mlp.linear_fc2",
        finalNorm: "*decoder.{final_layernorm,final_norm}", head: "*output_layer.weight",
        headCopy: "*word_embeddings_for_head.weight", isGated: source.context.geometry.isGated))
  }

  private static func names(
    _ source: HuggingFaceNames.Source, _ parts: MegatronParts
  ) throws(LoaderError) -> HuggingFaceNames {
    let modelType = try modelType(source, parts)
    switch modelType {
    case "gpt2": return HuggingFaceNames(modelType, .gpt2, parts.gpt2)
    case "gpt_neox": return HuggingFaceNames(modelType, .gptNeoX, parts.gptNeoX)
    case "mixtral": return HuggingFaceNames(modelType, .mixtral, parts.mixtral)
    default: return HuggingFaceNames(modelType, .llama, parts.llama)
    }
  }

  /// Models that a `config.json` beside a Megatron checkpoint may ask for.
  private static let megatronModels = ["gpt2", "gpt_neox", "llama", "mistral", "mixtral", "qwen2", "qwen3"]

  private static func modelType(
    _ source: HuggingFaceNames.Source, _ parts: MegatronParts
  ) throws(LoaderError) -> String {
    try source.refuseShiftedNorms()
    if let stated = source.context.companionModelType {
      guard megatronModels.contains(stated) else {
        throw LoaderError(
          .failedPrecondition,
          "names=hf: config.json says model_type \(stated.escaped); Megatron's names are mapped to "
            + megatronModels.joined(separator: ", "))
      }
      return stated
    }
    if source.has(parts.positions) { return "gpt2" }
    if source.has("*layers.#.mlp.experts.*") || source.has("*layers.#.mlp.router.weight") { return "mixtral" }
    let isRootMeanSquare = source.arguments.text("normalization").map { $0 == "RMSNorm" }
    let hasNormBias = source.has("*{final_layernorm,final_norm}.bias")
    guard isRootMeanSquare ?? !hasNormBias else { return "gpt_neox" }
    if source.has("*layers.#.self_attention.q_layernorm.weight") { return "qwen3" }
    if source.has("\(parts.attention).bias") {
      return source.has("\(parts.output).bias") ? "llama" : "qwen2"
    }
    return source.arguments.firstCount("window_size") == nil ? "llama" : "mistral"
  }
}

extension FamilyContext {
  /// The order of the rows of Megatron's fused QKV.
  fileprivate var megatronRows: RowOrder {
    if case .groupsThenRows = megatronOrder { return .qkvGroups }
    switch megatronLayout ?? .version0 {
    case .version0: return .qkvBlocks
    case .version1: return .qkvRows
    case .version2: return .qkvHeads
    }
  }
}

/// What Megatron calls the parts of a model, in one of its two ways; patterns without `.weight` and `.bias`, but for norms that end in
/// `_` (Transformer Engine's), behind which `weight` and `bias` stand.
private struct MegatronParts {
  let wordEmbeddings: String
  let positions: String
  let inputNorms: [String]
  let mlpNorms: [String]
  let attention: String
  let output: String
  let order: RowOrder
  let mlpInput: String
  let mlpOutput: String
  let finalNorm: String
  let head: String
  let headCopy: String
  /// Whether gate and up are fused, which GPT-2 and GPT-NeoX have not, and LLaMA always has.
  let isGated: Bool

  var gpt2: [NameMapping] {
    let layer = "transformer.h.#."
    return [
      NameMapping(wordEmbeddings, "transformer.wte.weight"), NameMapping(positions, "transformer.wpe.weight"),
      tiedHead, NameMapping(head, "lm_head.weight"),
    ]
      + norms(inputNorms, "\(layer)ln_1") + norms(mlpNorms, "\(layer)ln_2")
      + NameMapping.both(attention, ["\(layer)attn.c_attn"], rows: order, as: .qkvBlocks, to: .inputFirst)
      + NameMapping.both(output, "\(layer)attn.c_proj", to: .inputFirst)
      + (isGated ? [] : NameMapping.both(mlpInput, "\(layer)mlp.c_fc", to: .inputFirst))
      + NameMapping.both(mlpOutput, "\(layer)mlp.c_proj", to: .inputFirst)
      + norms([finalNorm], "transformer.ln_f")
  }

  var gptNeoX: [NameMapping] {
    let layer = "gpt_neox.layers.#."
    return [
      NameMapping(wordEmbeddings, "gpt_neox.embed_in.weight"), tiedHead, NameMapping(head, "embed_out.weight"),
    ]
      + norms(inputNorms, "\(layer)input_layernorm") + norms(mlpNorms, "\(layer)post_attention_layernorm")
      + NameMapping.both(attention, ["\(layer)attention.query_key_value"], rows: order, as: .qkvHeads)
      + NameMapping.both(output, "\(layer)attention.dense")
      + (isGated ? [] : NameMapping.both(mlpInput, "\(layer)mlp.dense_h_to_4h"))
      + NameMapping.both(mlpOutput, "\(layer)mlp.dense_4h_to_h")
      + norms([finalNorm], "gpt_neox.final_layer_norm")
  }

  var llama: [NameMapping] {
    let mlp = "model.layers.#.mlp."
    let gateAndUp = ["\(mlp)gate_proj", "\(mlp)up_proj"]
    return llamaAttention + norms(mlpNorms, "model.layers.#.post_attention_layernorm")
      + (isGated ? NameMapping.both(mlpInput, gateAndUp, rows: .gateUp, as: .gateUpApart) : [])
      + NameMapping.both(mlpOutput, "\(mlp)down_proj") + llamaEnds
  }

  var mixtral: [NameMapping] {
    let mixture = "model.layers.#.block_sparse_moe."
    let source = "*decoder.layers.#.mlp."
    let gateAndUp = ["\(mixture)experts.#.w1.weight", "\(mixture)experts.#.w3.weight"]
    return llamaAttention + norms(mlpNorms, "model.layers.#.post_attention_layernorm") + [
      NameMapping("\(source)router.weight", "\(mixture)gate.weight"),
      NameMapping(
        "\(source)experts.local_experts.#.linear_fc1.weight", gateAndUp, rows: .gateUp, as: .gateUpApart),
      NameMapping("\(source)experts.local_experts.#.linear_fc2.weight", "\(mixture)experts.#.w2.weight"),
      NameMapping("\(source)experts.linear_fc1.weight#", gateAndUp, rows: .gateUp, as: .gateUpApart),
      NameMapping("\(source)experts.linear_fc2.weight#", "\(mixture)experts.#.w2.weight"),
    ] + llamaEnds
  }

  private var llamaAttention: [NameMapping] {
    let layer = "model.layers.#."
    let projections = ["q_proj", "k_proj", "v_proj"].map { "\(layer)self_attn.\($0)" }
    return norms(inputNorms, "\(layer)input_layernorm")
      + NameMapping.both(attention, projections, rows: order, as: .qkvApart)
      + NameMapping.both(output, "\(layer)self_attn.o_proj")
      + ["q", "k"].map {
        NameMapping("*layers.#.self_attention.\($0)_layernorm.weight", "\(layer)self_attn.\($0)_norm.weight")
      }
  }

  private var llamaEnds: [NameMapping] {
    [
      NameMapping(wordEmbeddings, "model.embed_tokens.weight"), NameMapping("\(finalNorm).weight", "model.norm.weight"),
      tiedHead, NameMapping(head, "lm_head.weight"),
    ]
  }

  private var tiedHead: NameMapping {
    NameMapping(headCopy, omitted: "the last pipeline stage's copy of the embeddings, to which the head is tied")
  }

  private func norms(_ sources: [String], _ target: String) -> [NameMapping] {
    sources.flatMap { source in
      ["weight", "bias"].map { NameMapping(source.hasSuffix("_") ? source + $0 : "\(source).\($0)", "\(target).\($0)") }
    }
  }
}
