import Testing

@testable import Loader

@Suite struct DeepSpeedInferenceTests {
  @Test func matricesAreInputFirstAndThirdsAreCutApart() {
    var table = FamilyTable(.deepSpeedInference)
    for layer in ["model.decoder.layers.0.", "transformer.h.0.", "gpt_neox.layers.0.", "bert.encoder.layer.0."] {
      table.check([
        ("\(layer)norm_w", .replicated), ("\(layer)mlp.attn_nb", .replicated),
        ("\(layer)attention.attn_qkvw", .fusedQKV(.blocks, .last)),
        ("\(layer)attention.attn_qkvb", .fusedQKV(.blocks, .last)),
        ("\(layer)attention.attn_ow", .rowTransposed), ("\(layer)attention.attn_ob", .rowTransposed),
        ("\(layer)mlp.inter_w", .columnTransposed), ("\(layer)mlp.output_w", .rowTransposed),
      ])
    }
    table.check([
      ("model.decoder.embed_tokens.weight", .vocabulary), ("model.decoder.embed_positions.weight", .replicated),
      ("transformer.word_embeddings.weight", .vocabulary), ("transformer.word_embeddings_layernorm.bias", .replicated),
      ("transformer.ln_f.norm.weight", .replicated), ("lm_head.weight", .vocabulary),
    ])
  }

  @Test func bloomStaysHeadByHeadAndInt8IsOutputFirst() {
    var context = FamilyContext()
    context.fusedOrder = .heads
    context.storesOutputFirst = true
    var table = FamilyTable(.deepSpeedInference, context)
    table.check([
      ("transformer.h.0.attention.attn_qkvw", .fusedQKV(.heads, .first)), ("transformer.h.0.attention.attn_ow", .row),
      ("transformer.h.0.mlp.inter_w", .column), ("transformer.h.0.mlp.output_b", .row),
    ])
  }
}
