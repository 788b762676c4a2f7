import Testing

@testable import Loader

@Suite struct MegatronCoreTests {
  @Test(arguments: [(true, Role.fusedColumns(2)), (false, .column)])
  func everyNameHasItsRole(_ isGated: Bool, _ first: Role) {
    var context = FamilyContext()
    context.geometry.isGated = isGated
    var table = FamilyTable(.megatronCore, context)
    let layer = "decoder.layers.3."
    table.check([
      ("embedding.word_embeddings.weight", .vocabulary), ("embedding.position_embeddings.weight", .replicated),
      ("\(layer)self_attention.linear_qkv.weight", .fusedQKV(.groupsThenRows)),
      ("\(layer)self_attention.linear_qkv.layer_norm_weight", .replicated),
      ("\(layer)self_attention.linear_proj.weight", .row), ("\(layer)self_attention.q_layernorm.weight", .replicated),
      ("\(layer)mlp.linear_fc1.weight", first), ("\(layer)mlp.linear_fc1.layer_norm_bias", .replicated),
      ("\(layer)mlp.linear_fc2.weight", .row), ("\(layer)pre_mlp_layernorm.weight", .replicated),
      ("\(layer)mlp.router.weight", .replicated), ("\(layer)mlp.experts.local_experts.2.linear_fc1.weight", first),
      ("\(layer)mlp.experts.local_experts.2.linear_fc2.weight", .row),
      ("\(layer)mlp.experts.linear_fc1.weight5", first),
      ("\(layer)mlp.shared_experts.linear_fc2.weight", .row), ("decoder.final_layernorm.weight", .replicated),
      ("output_layer.weight", .vocabulary), ("encoder.layers.0.mlp.linear_fc2.bias", .row),
    ])
  }

  @Test func expertsOfOneModuleAreNumberedByTheirNamesEnd() {
    var table = RoleTable(.megatronCore, FamilyContext())
    let entry = table.entry(of: "decoder.layers.1.mlp.experts.linear_fc2.weight13")
    #expect(entry?.layer == 1)
    #expect(entry?.expert == 13)
  }

  @Test func transformerEnginesStateIsNoPartOfTheModel() {
    #expect(Family.megatronCore.ignores("decoder.layers.0.mlp.linear_fc1._extra_state"))
    #expect(!Family.megatronCore.ignores("decoder.layers.0.mlp.linear_fc1.weight"))
  }
}
