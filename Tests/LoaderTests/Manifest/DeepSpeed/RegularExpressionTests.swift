import Testing

@testable import Loader

@Suite struct RegularExpressionTests {
  @Test(arguments: [
    (#"tied_modules.embed.word_embeddings.weight"#, "tied_modules.embed.word_embeddings.weight", true),
    (#"\d+.self_attention.dense.bias"#, "12.self_attention.dense.bias", true),
    (#"\d+.self_attention.dense.bias"#, "x.self_attention.dense.bias", false),
    (#"[0-9]+\.weight"#, "7.weight", true),
    (#"[0-9]+\.weight"#, "7xweight", false),
    (#"^model\.layers\.\d+\.(q_proj|k_proj)\.weight$"#, "model.layers.3.k_proj.weight", true),
    (#"^model\.layers\.\d+\.(?:q_proj|k_proj)\.weight$"#, "model.layers.3.v_proj.weight", false),
    (#"^lm_head\.weight$"#, "lm_head.weight_scale", false),
    (#"lm_head\.weight"#, "lm_head.weight_scale", true),
    (#".*norm\.weight"#, "a.b.norm.weight", true),
    (#"norm\.weight"#, "a.b.norm.weight", false),
  ])
  func matchesAsPythonDoesAtTheBeginning(_ expression: String, _ name: String, _ matches: Bool) throws {
    let pattern = try #require(RegularExpression.pattern(expression))
    #expect((pattern.match(name) != nil) == matches, "\(pattern.text)")
  }

  @Test(arguments: [#"a+"#, #"\w+.weight"#, #"[abc].weight"#, #"(a|b)?"#, #"a{2}"#, #"(?=x)"#, #"a\"#, "a|b", "*"])
  func whatIsNotSimpleIsNotGuessed(_ expression: String) {
    #expect(RegularExpression.pattern(expression) == nil)
  }
}
