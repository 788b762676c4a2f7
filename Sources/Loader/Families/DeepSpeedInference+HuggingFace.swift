/// What the modules that DeepSpeed injects are called in the models whose layers they take the place of: OPT, GPT-NeoX, LLaMA, BLOOM and
/// GPT-2. What is outside the layers keeps the model's own names, norms of DeepSpeed's wrapping apart.
///
/// Source: DeepSpeed `module_inject/containers/{opt,gptneox,llama,bloom,gpt2}.py` (which of the model's tensors each injected one was),
/// `containers/features/megatron.py` (`transpose_qkv_alignment`: GPT-NeoX's heads come apart), `containers/llama.py` (`mlp`: up, then gate).
extension Family {
  /// The model by the names around the injected layers; nil where they are none of the known.
  @Sendable static func injectedNames(
    _ source: HuggingFaceNames.Source
  ) throws(LoaderError) -> HuggingFaceNames? {
    let layout = source.context.storesOutputFirst ? NameMapping.MatrixLayout.outputFirst : .inputFirst
    for model in InjectedModel.all
    where source.has("\(model.layer)norm_w") && source.has("\(model.others[0]).weight") {
      return HuggingFaceNames(model.modelType, model.family, model.mappings(layout))
    }
    return nil
  }
}

/// A model whose layers DeepSpeed replaces.
private struct InjectedModel {
  let modelType: String
  let family: Family
  /// What stands before an injected name.
  let layer: String
  let inputNorm: String
  let mlpNorm: String
  let attention: [String]
  let from: RowOrder
  let to: RowOrder
  let output: String
  let mlpInput: [String]
  let mlpOutput: String
  /// The names outside the layers, with `[.norm]` where DeepSpeed wraps a norm.
  let others: [String]
  /// How the model keeps matrices.
  var layout = NameMapping.MatrixLayout.outputFirst

  static let all = [opt("model."), opt(""), gptNeoX, llama, bloom, gpt2]

  private static func opt(_ prefix: String) -> InjectedModel {
    InjectedModel(
      modelType: "opt", family: .opt, layer: "\(prefix)decoder.layers.#.", inputNorm: "self_attn_layer_norm",
      mlpNorm: "final_layer_norm", attention: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
      from: .qkvBlocks, to: .qkvApart, output: "self_attn.out_proj", mlpInput: ["fc1"], mlpOutput: "fc2",
      others: [
        "\(prefix)decoder.embed_tokens", "\(prefix)decoder.embed_positions", "\(prefix)decoder.project_in",
        "\(prefix)decoder.project_out", "\(prefix)decoder.final_layer_norm[.norm]", "lm_head",
      ])
  }

  private static let gptNeoX = InjectedModel(
    modelType: "gpt_neox", family: .gptNeoX, layer: "gpt_neox.layers.#.", inputNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm", attention: ["attention.query_key_value"], from: .qkvBlocks, to: .qkvHeads,
    output: "attention.dense", mlpInput: ["mlp.dense_h_to_4h"], mlpOutput: "mlp.dense_4h_to_h",
    others: ["gpt_neox.embed_in", "gpt_neox.final_layer_norm[.norm]", "embed_out"])

  private static let llama = InjectedModel(
    modelType: "llama", family: .llama, layer: "model.layers.#.", inputNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm", attention: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    from: .qkvBlocks, to: .qkvApart, output: "self_attn.o_proj", mlpInput: ["mlp.gate_proj", "mlp.up_proj"],
    mlpOutput: "mlp.down_proj", others: ["model.embed_tokens", "model.norm[.norm]", "lm_head"])

  private static let bloom = InjectedModel(
    modelType: "bloom", family: .bloom, layer: "transformer.h.#.", inputNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm", attention: ["self_attention.query_key_value"], from: .qkvHeads, to: .qkvHeads,
    output: "self_attention.dense", mlpInput: ["mlp.dense_h_to_4h"], mlpOutput: "mlp.dense_4h_to_h",
    others: [
      "transformer.word_embeddings", "transformer.word_embeddings_layernorm[.norm]", "transformer.ln_f[.norm]",
      "lm_head",
    ])

  private static let gpt2 = InjectedModel(
    modelType: "gpt2", family: .gpt2, layer: "transformer.h.#.", inputNorm: "ln_1", mlpNorm: "ln_2",
    attention: ["attn.c_attn"], from: .qkvBlocks, to: .qkvBlocks, output: "attn.c_proj", mlpInput: ["mlp.c_fc"],
    mlpOutput: "mlp.c_proj", others: ["transformer.wte", "transformer.wpe", "transformer.ln_f[.norm]", "lm_head"],
    layout: .inputFirst)

  func mappings(_ injected: NameMapping.MatrixLayout) -> [NameMapping] {
    let isGated = mlpInput.count == 2
    var mappings =
      pair("norm_w", "norm_b", [inputNorm], injected) + pair("mlp.attn_nw", "mlp.attn_nb", [mlpNorm], injected)
      + pair("attention.attn_qkvw", "attention.attn_qkvb", attention, injected, rows: from, as: to)
      + pair("attention.attn_ow", "attention.attn_ob", [output], injected)
      + pair(
        "mlp.inter_w", "mlp.inter_b", mlpInput, injected, rows: isGated ? .upGate : .single,
        as: isGated ? .gateUpApart : .single)
      + pair("mlp.output_w", "mlp.output_b", [mlpOutput], injected)
    if attention.count == 3 {
      for (part, name) in zip(["q", "k", "v"], attention) {
        mappings += pair("attention.attn_\(part)w", "attention.attn_\(part)b", [name], injected)
      }
    }
    if isGated {
      for (part, name) in zip(["gate", "up"], mlpInput) {
        mappings += pair("mlp.inter_\(part)_w", "mlp.inter_\(part)_b", [name], injected)
      }
    }
    return mappings + others.flatMap { NameMapping.both($0, $0.replacing("[.norm]", with: "")) }
  }

  private func pair(
    _ weight: String, _ bias: String, _ targets: [String], _ injected: NameMapping.MatrixLayout,
    rows from: RowOrder = .single, as to: RowOrder = .single
  ) -> [NameMapping] {
    zip([weight, bias], [".weight", ".bias"]).map { name, end in
      NameMapping(
        layer + name, targets.map { layer + $0 + end }, rows: from, as: to, from: injected, to: layout)
    }
  }
}
