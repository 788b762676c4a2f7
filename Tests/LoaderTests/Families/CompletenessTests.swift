import Testing

@testable import Loader

@Suite struct CompletenessTests {
  @Test func aWholeModelHasNoWarnings() throws {
    #expect(try SmallLLaMA().load().warnings == [])
  }

  @Test func aLayerThatIsInNoFileIsNamed() throws {
    var model = SmallLLaMA()
    model.tensors.removeAll { $0.name.hasPrefix("model.layers.1.") }
    #expect(try model.load().warnings == ["layer 1 of 3 is in no file"])
    #expect(try SmallLLaMA(layers: 2).load().warnings == ["layer 2 of 3 is in no file"])
  }

  @Test func aNameThatOneLayerLacksIsNamed() throws {
    var model = SmallLLaMA()
    model.remove("model.layers.2.mlp.up_proj.weight")
    #expect(
      try model.load().warnings == ["layer 2 lacks model.layers.#.mlp.up_proj.weight, which 2 of 3 layers have"])
  }

  @Test func aMissingHeadIsSaidWhereEmbeddingsAreNotTied() throws {
    var model = SmallLLaMA()
    model.remove("lm_head.weight")
    #expect(
      try model.load().warnings == ["config.json says tie_word_embeddings false, but no file holds an output head"])
    model.configuration = model.configuration.replacing(
      "\"tie_word_embeddings\":false", with: "\"tie_word_embeddings\":true")
    #expect(try model.load().warnings == [])
  }

  @Test func aVocabularyThatContradictsTheConfigurationIsSaid() throws {
    var model = SmallLLaMA()
    model.configuration = model.configuration.replacing("\"vocab_size\":10", with: "\"vocab_size\":9")
    let warnings = try model.load().warnings
    #expect(warnings.count == 2)
    #expect(
      warnings.first == "model.embed_tokens.weight has 10 rows, but config.json says vocab_size 9: served as saved")
  }

  @Test func headsThatContradictTheConfigurationAreRefused() throws {
    var model = SmallLLaMA()
    model.configuration = model.configuration.replacing("\"num_attention_heads\":4", with: "\"num_attention_heads\":8")
    let error = #expect(throws: LoaderError.self) { try model.load() }
    #expect(error?.code == .invalidCheckpoint)
    #expect(
      error?.message
        == "model.layers.0.self_attn.k_proj.weight of shape [4, 8] contradicts its rule: 4 positions are not 2 key/value"
        + " heads of 1")
  }

  @Test func layersOfAMixtureMayDifferButNotTheExpertsOfOne() throws {
    var model = SmallLLaMA(layers: 0)
    model.configuration = """
      {"model_type":"qwen3_moe","num_hidden_layers":4,"num_attention_heads":2,"hidden_size":4}
      """
    for layer in 0..<4 {
      let name = "model.layers.\(layer)."
      model.add("\(name)self_attn.o_proj.weight", [4, 4])
      if layer == 0 {
        model.add("\(name)mlp.up_proj.weight", [4, 4])
        continue
      }
      model.add("\(name)mlp.gate.weight", [2, 4])
      for expert in 0..<2 { model.add("\(name)mlp.experts.\(expert).up_proj.weight", [4, 4]) }
    }
    #expect(try model.load().warnings == [])
    model.remove("model.layers.3.mlp.experts.1.up_proj.weight")
    #expect(
      try model.load().warnings == [
        "layer 3 lacks model.layers.#.mlp.experts.1.up_proj.weight, which 2 of 3 layers have"
      ])
  }

  @Test func manyWarningsAreCounted() throws {
    var model = SmallLLaMA()
    model.configuration = model.configuration.replacing("\"num_hidden_layers\":3", with: "\"num_hidden_layers\":90")
    let warnings = try model.load().warnings
    #expect(warnings.count == 11)
    #expect(warnings.last == "77 more layers are in no file")
  }
}
