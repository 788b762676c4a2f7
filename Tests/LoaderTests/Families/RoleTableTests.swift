import TestSupport
import Testing

@testable import Loader

@Suite struct RoleTableTests {
  @Test(arguments: FamilyRegistry.all.map(\.name))
  func whatIsRememberedOfANameDoesNotChangeWhatAnotherIs(_ family: String) throws {
    let family = try #require(FamilyRegistry.family(named: family))
    let parts = [
      "model", "layers", "decoder", "transformer", "h", "0", "1", "12", "experts", "mlp", "weight", "bias", "attention",
      "self_attn", "q_proj", "gate_proj", "1234567890", "local_experts", "linear_fc1", "weight7", "norm", "dense", "",
    ]
    var table = RoleTable(family, FamilyContext())
    let rules = family.rules(FamilyContext())
    for seed in 0..<400 {
      var random = SeededGenerator(seed: seed)
      let name = (0..<random.number(1...7)).map { _ in random.one(of: parts) }.joined(separator: ".")
      let found = table.entry(of: name)
      let order = rules.firstIndex { $0.pattern.match(name) != nil }
      let numbers = order.flatMap { rules[$0].pattern.match(name) } ?? []
      if found?.order != order || found?.layer != numbers.first { Issue.record("seed \(seed): \(name)") }
    }
  }

  @Test func aManifestsRulesComeFirstAlsoWhereTheyNameNumbers() throws {
    let extra = NameRule(pattern: try #require(NamePattern("model.layers.3.mlp.down_proj.weight")), role: .replicated)
    var table = RoleTable(.llama, FamilyContext(), extra: [extra])
    for layer in 0..<5 {
      let entry = table.entry(of: "model.layers.\(layer).mlp.down_proj.weight")
      #expect(entry?.role == (layer == 3 ? .replicated : .row))
    }
  }

  @Test func theFirstNumberIsTheLayerAndTheSecondTheExpert() {
    var table = RoleTable(.mixtral, FamilyContext())
    let entry = table.entry(of: "model.layers.7.block_sparse_moe.experts.3.w2.weight")
    #expect(entry?.layer == 7)
    #expect(entry?.expert == 3)
    #expect(table.entry(of: "model.norm.weight")?.layer == nil)
  }
}
