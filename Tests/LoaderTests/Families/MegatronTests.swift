import Testing

@testable import Loader

@Suite struct MegatronTests {
  private func context(
    _ layout: MegatronLayout?, gated: Bool = false, heads: Int? = nil, pairs: Int? = nil
  ) -> FamilyContext {
    var context = FamilyContext()
    context.megatronLayout = layout
    context.geometry.isGated = gated
    context.geometry.heads = heads
    context.geometry.keyValueHeads = pairs
    return context
  }

  @Test(arguments: [
    (MegatronLayout?.none, Role.FusedOrder.blocks), (.version0, .blocks), (.version1, .heads), (.version2, .heads),
  ])
  func theVersionSaysHowQueryKeyAndValueLie(_ layout: MegatronLayout?, _ order: Role.FusedOrder) {
    var table = FamilyTable(.megatron, context(layout))
    table.check([("transformer.layers.0.attention.query_key_value.weight", .fusedQKV(order))])
  }

  @Test func queryGroupsLieAsMegatronCoresDo() {
    var table = FamilyTable(.megatron, context(.version2, heads: 8, pairs: 2))
    table.check([("encoder.layers.0.self_attention.query_key_value.weight", .fusedQKV(.groupsThenRows))])
    var equal = FamilyTable(.megatron, context(.version2, heads: 8, pairs: 8))
    equal.check([("encoder.layers.0.self_attention.query_key_value.weight", .fusedQKV(.heads))])
  }

  @Test func everyNameHasItsRoleWhateverTreeItIsIn() {
    var table = FamilyTable(.megatron, context(.version0))
    for prefix in ["", "transformer.", "language_model.encoder.", "language_model.transformer."] {
      table.check([
        ("\(prefix)layers.0.attention.dense.weight", .row), ("\(prefix)layers.0.self_attention.dense.bias", .row),
        ("\(prefix)layers.0.mlp.dense_h_to_4h.weight", .column), ("\(prefix)layers.0.mlp.dense_4h_to_h.bias", .row),
        ("\(prefix)layers.0.input_layernorm.weight", .replicated), ("\(prefix)final_layernorm.bias", .replicated),
      ])
    }
    table.check([
      ("word_embeddings.weight", .vocabulary), ("language_model.embedding.word_embeddings.weight", .vocabulary),
      ("position_embeddings.weight", .replicated), ("word_embeddings_for_head.weight", .vocabulary),
      ("final_linear.weight", .column), ("language_model.output_layer.weight", .vocabulary),
      ("word_embeddings.weight_norm", nil), ("layers.0.attention.query_key_value.weight_scale", nil),
    ])
  }

  @Test func gateAndUpAreTwoParts() {
    var table = FamilyTable(.megatron, context(.version2, gated: true))
    table.check([("transformer.layers.0.mlp.dense_h_to_4h.weight", .fusedColumns(2))])
  }
}
