extension Family {
  /// Megatron-LM's GPT and BERT as DeepSpeed's manifests describe them: flat names below the module key, fused QKV in the order
  /// of the checkpoint's version.
  ///
  /// Source: DeepSpeed `runtime/state_dict_factory.py`, `MegatronSDLoader.merge_state_dict` and `split_state_dict`; NVIDIA/Megatron-LM
  /// `megatron/model/transformer.py` and `megatron/mpu/layers.py`. We differ on purpose: names are anchored, SwiGLU is two parts,
  /// and what is split is also merged. With query groups, `ParallelAttention` of `transformer.py` orders the rows as Megatron-Core does.
  static let megatron = Family("megatron", huggingFace: megatronNames) { context in
    let order = context.megatronOrder
    let layer = "*layers.#."
    let attention = "\(layer){attention,self_attention,self_attn,cross_attention}."
    let mlp = "\(layer)mlp."
    return [
      NameRule("*word_embeddings.weight", .vocabulary),
      NameRule("*word_embeddings_for_head.weight", .vocabulary),
      NameRule("*{position,tokentype}_embeddings.weight", .replicated),
      NameRule("*{word_embeddings.norm,word_embeddings_layernorm}.{weight,bias}", .replicated),
      NameRule("\(attention)query_key_value.{weight,bias}", .fusedQKV(order)),
      NameRule("\(attention)dense.{weight,bias}", .row),
      NameRule(
        "\(mlp)dense_h_to_4h.{weight,bias}", context.geometry.isGated ? .fusedColumns(2) : .column),
      NameRule("\(mlp)dense_4h_to_h.{weight,bias}", .row),
      NameRule("\(mlp)deepspeed_moe.experts.deepspeed_experts.#.dense_h_to_4h.{weight,bias}", .column),
      NameRule("\(mlp)deepspeed_moe.experts.deepspeed_experts.#.dense_4h_to_h.{weight,bias}", .row),
      NameRule("\(mlp)deepspeed_moe.gate.wg.weight", .replicated),
      NameRule("\(layer){input,post_attention,post_inter_attention}_layernorm.{weight,bias}", .replicated),
      NameRule("\(layer)*.{layernorm,norm}.{weight,bias}", .replicated),
      NameRule("*final_layernorm.{weight,bias}", .replicated),
      NameRule("[transformer.]{final_norm,ln_f,norm}.{weight,bias}", .replicated),
      NameRule("*final_linear.weight", .column),
      NameRule("*{lm_head,output_layer}.weight", .vocabulary),
    ]
  }
}

extension FamilyContext {
  /// The order of the rows of Megatron's fused QKV.
  var megatronOrder: Role.FusedOrder {
    let layout = megatronLayout ?? .version0
    let isGrouped = geometry.keyValueHeads != nil && geometry.keyValueHeads != geometry.heads
    return layout == .version2 && isGrouped ? .groupsThenRows : layout.order
  }
}
