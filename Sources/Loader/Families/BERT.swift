extension Family {
  /// BERT: an encoder; its pooler and the transform before the prediction stay whole, and so do positions and token types, which
  /// vLLM would cut like words.
  ///
  /// Source: transformers `models/bert/modeling_bert.py`; vLLM `model_executor/models/bert.py` (`BertSelfAttention`, `BertPooler`);
  /// NVIDIA/Megatron-LM `megatron/core/models/bert/bert_lm_head.py` and `bert_model.py` (the head's bias goes with the vocabulary).
  static let bert = Family("bert", modelTypes: ["bert"], hasHuggingFaceNames: true) { _ in
    let norm = "LayerNorm.{weight,bias,gamma,beta}"
    let layer = "[bert.]encoder.layer.#."
    return [
      NameRule("[bert.]embeddings.word_embeddings.weight", .vocabulary),
      NameRule("[bert.]embeddings.{position_embeddings.weight,token_type_embeddings.weight,position_ids}", .replicated),
      NameRule("[bert.]embeddings.\(norm)", .replicated),
      NameRule("\(layer)attention.self.{query,key,value}.{weight,bias}", .queryHeads),
      NameRule("\(layer)attention.output.dense.{weight,bias}", .row),
      NameRule("\(layer)[attention.]output.\(norm)", .replicated),
      NameRule("\(layer)intermediate.dense.{weight,bias}", .column),
      NameRule("\(layer)output.dense.{weight,bias}", .row),
      NameRule("[bert.]pooler.dense.{weight,bias}", .replicated),
      NameRule("cls.predictions.transform.dense.{weight,bias}", .replicated),
      NameRule("cls.predictions.transform.\(norm)", .replicated),
      NameRule("cls.predictions.{decoder.weight,decoder.bias,bias}", .vocabulary),
      NameRule("{cls.seq_relationship,classifier,qa_outputs}.{weight,bias}", .replicated),
    ]
  }
}
