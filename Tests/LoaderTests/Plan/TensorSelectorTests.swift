import Testing

@testable import Loader

@Suite struct TensorSelectorTests {
  private func plan(_ checkpoint: Checkpoint, _ query: [(name: String, value: String)]) throws -> PartitionPlan {
    try Planner(checkpoint, try PartitionParameters([("rank", "0"), ("mp", "1")] + query)).plan()
  }

  private func names(_ checkpoint: Checkpoint, _ query: [(name: String, value: String)]) throws -> Set<String> {
    Set(try plan(checkpoint, query).tensors.map(\.name))
  }

  /// A mixture of 4 experts in 4 layers.
  private func mixture() throws -> Checkpoint {
    var model = SmallLLaMA(layers: 0)
    model.configuration = #"{"model_type":"mixtral","num_attention_heads":2,"num_key_value_heads":2}"#
    for layer in 0..<4 {
      model.add("model.layers.\(layer).self_attn.q_proj.weight", [4, 4])
      for expert in 0..<4 { model.add("model.layers.\(layer).block_sparse_moe.experts.\(expert).w1.weight", [4, 4]) }
    }
    return try model.load()
  }

  @Test func stagesShareTheTensorsBetweenThem() throws {
    let checkpoint = try mixture()
    for count in [1, 2, 4] {
      let stages = try (0..<count).map { try names(checkpoint, [("pp", "\(count)"), ("pp_rank", "\($0)")]) }
      #expect(stages.reduce(0) { $0 + $1.count } == checkpoint.tensors.count)
      #expect(stages.reduce(into: Set<String>()) { $0.formUnion($1) }.count == checkpoint.tensors.count)
      #expect(stages[0].contains("model.embed_tokens.weight"))
      #expect(stages[count - 1].isSuperset(of: ["model.norm.weight", "lm_head.weight"]))
    }
  }

  @Test func expertsGoWholeToTheirRank() throws {
    let checkpoint = try mixture()
    for rank in 0..<2 {
      let names = try names(checkpoint, [("ep", "2"), ("ep_rank", "\(rank)")])
      for expert in 0..<4 {
        #expect(names.contains("model.layers.0.block_sparse_moe.experts.\(expert).w1.weight") == (expert / 2 == rank))
      }
      #expect(names.contains("model.layers.0.self_attn.q_proj.weight"))
    }
    let whole = try Planner(
      checkpoint,
      try PartitionParameters([("rank", "1"), ("mp", "2"), ("ep", "4"), ("ep_rank", "3")])
    ).plan()
    #expect(whole.tensors.first { $0.name.contains("experts.3") }?.shape == [4, 4])
    #expect(whole.tensors.first { $0.name.contains("q_proj") }?.shape == [2, 4])
  }

  @Test func stackedExpertsGoWholeToTheirRank() throws {
    let tensor = LogicalTensor(
      name: "experts.weight", dtype: .bf16, shape: [4, 6, 2], role: .stackedExperts(.column),
      boxes: [Box(StoredTensor(dtype: .bf16, shape: [4, 6, 2], location: .init(file: 0, offset: 0)), at: [0, 0, 0])])
    let checkpoint = Checkpoint.synthetic([tensor])
    #expect(try plan(checkpoint, []).tensors[0].shape == [4, 6, 2])
    let part = try plan(checkpoint, [("ep", "2"), ("ep_rank", "1")])
    #expect(part.tensors[0].shape == [2, 6, 2])
    #expect(part.segments.last == Segment(count: 48, content: .run(file: 0, offset: 48)))
  }

  @Test(arguments: [("pp", "3"), ("ep", "3"), ("ep", "8")])
  func layersAndExpertsThatDoNotDivideAreRefused(_ name: String, _ count: String) throws {
    let checkpoint = try mixture()
    let error = #expect(throws: LoaderError.self) { try plan(checkpoint, [(name, count), ("\(name)_rank", "0")]) }
    #expect(error?.code == .failedPrecondition)
  }

  @Test func patternsChooseTensorsAndOneThatMatchesNoneIsSaid() throws {
    let checkpoint = try mixture()
    let chosen = try names(checkpoint, [("tensors", "lm_head.*,model.layers.#.self_attn.*")])
    #expect(chosen.count == 5)
    let error = #expect(throws: LoaderError.self) { try plan(checkpoint, [("tensors", "nothing")]) }
    #expect(error?.code == .notFound)
  }

  @Test func rowsBeyondTheVocabularyAreDroppedAndSaid() throws {
    let checkpoint = try SmallLLaMA().load()
    let parameters = try PartitionParameters([("rank", "1"), ("mp", "2"), ("vocab_size", "7")])
    let plan = try Planner(checkpoint, parameters).plan()
    #expect(plan.tensors.first { $0.name == "lm_head.weight" }?.shape == [4, 8])
    let whole = try PartitionParameters([("rank", "0"), ("mp", "2"), ("embeddings", "whole")])
    #expect(try Planner(checkpoint, whole).plan().tensors.first { $0.name == "lm_head.weight" }?.shape == [10, 8])
    let error = #expect(throws: LoaderError.self) {
      try Planner(checkpoint, try PartitionParameters([("rank", "0"), ("mp", "1"), ("vocab_size", "11")])).plan()
    }
    #expect(error?.message == "vocab_size=11 is more than the 10 rows of model.embed_tokens.weight")
  }

  @Test func aManifestsRuleLeavesATensorInItsPlace() throws {
    var table = RoleTable(
      .llama, FamilyContext(),
      extra: [
        NameRule(pattern: try #require(NamePattern("*layers.#.x")), role: .column),
        NameRule("lm_head.weight", .replicated),
      ])
    #expect(table.entry(of: "model.embed_tokens.weight")?.isBeforeLayers == true)
    #expect(table.entry(of: "lm_head.weight")?.isBeforeLayers == false)
  }
}
