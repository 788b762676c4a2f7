extension Family {
  /// The modules that DeepSpeed's kernel injection puts in place of a model's layers, as `save_mp_checkpoint_path` writes them. Their
  /// matrices are `[in, out]`, int8 ones `[out, in]`; what is outside the layers keeps the model's own names.
  ///
  /// Queries, keys and values are three parts in every rank's file, but BLOOM's, which stay head by head (the context says so).
  ///
  /// Source: DeepSpeed `model_implementations/transformers/ds_transformer.py`, `ops/transformer/inference/ds_attention.py` and
  /// `ds_mlp.py` (the names), `module_inject/auto_tp.py` (`ReplaceWithTensorSlicing.copy` and `strided_copy`: the axes),
  /// `containers/bloom.py` (`attention_qkv_mp`), `containers/features/gated_mlp.py` (`mlp_inter_mp`), `load_checkpoint.py`.
  static let deepSpeedInference = Family("deepspeed_inference", huggingFace: injectedNames) { context in
    let layer = "*{layers,layer,h}.#."
    let column = context.storesOutputFirst ? Role.column : .columnTransposed
    let row = context.storesOutputFirst ? Role.row : .rowTransposed
    let axis = context.storesOutputFirst ? Role.FusedAxis.first : .last
    let inner = context.geometry.isGated ? Role.fusedColumns(2, axis) : column
    return [
      NameRule("*.{word_embeddings,embed_tokens,wte,embed_in}.weight", .vocabulary),
      NameRule("*.{embed_positions,wpe,position_embeddings,token_type_embeddings}.weight", .replicated),
      NameRule("*word_embeddings_layernorm.[norm.]{weight,bias}", .replicated),
      NameRule("*.{project_in,project_out}.weight", .replicated),
      NameRule("\(layer){norm_w,norm_b,mlp.attn_nw,mlp.attn_nb}", .replicated, isOptional: true),
      NameRule("\(layer)attention.{attn_qkvw,attn_qkvb}", .fusedQKV(context.fusedOrder ?? .blocks, axis)),
      NameRule("\(layer)attention.{attn_qw,attn_qb}", column, isOptional: true),
      NameRule("\(layer)attention.{attn_kw,attn_kb,attn_vw,attn_vb}", column, isOptional: true),
      NameRule("\(layer)attention.{attn_ow,attn_ob}", row),
      NameRule("\(layer)mlp.{inter_w,inter_b}", inner),
      NameRule("\(layer)mlp.{inter_up_w,inter_up_b,inter_gate_w,inter_gate_b}", column, isOptional: true),
      NameRule("\(layer)mlp.{output_w,output_b}", row),
      NameRule("*.{final_layer_norm,ln_f,norm}.[norm.]{weight,bias}", .replicated),
      NameRule("{lm_head,embed_out}.weight", .vocabulary),
    ]
  }
}
