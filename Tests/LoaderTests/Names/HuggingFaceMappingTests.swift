import Platform
import TestSupport
import Testing

@testable import Loader

/// `names=hf` against moving elements one by one, and against itself there and back.
@Suite struct HuggingFaceMappingTests {
  private static let seeds = 0..<3

  private func request(rank: Int, mp: Int) -> PartitionParameters {
    var parameters = PartitionParameters(rank: rank, mp: mp)
    parameters.names = .huggingFace
    return parameters
  }

  @Test(arguments: NaiveModel.Kind.allCases)
  func everyRankOfEveryDegreeIsItsShareOfTheWholeMappedModel(_ kind: NaiveModel.Kind) throws {
    var compared = 0
    for seed in HuggingFaceMappingTests.seeds {
      let model = NaiveModel(kind, seed: seed)
      for ranks in [1, 2, 4] {
        guard let (checkpoint, files) = try model.checkpoint(ranks: ranks) else { continue }
        for mp in [1, 2, 4] where checkpoint.possibleDegrees(request(rank: 0, mp: 1)).contains(mp) {
          for rank in 0..<mp {
            let plan = try Planner(checkpoint, request(rank: rank, mp: mp)).plan()
            #expect(Set(plan.tensors.map(\.name)) == Set(model.target.keys), "seed \(seed)")
            for tensor in plan.tensors {
              guard let whole = model.target[tensor.name] else { continue }
              let share = model.naive.share(tensor.name, whole, rank: rank, mp: mp)
              if tensor.shape != share.shape || files.bytes(of: tensor, in: plan) != share.bytes {
                Issue.record("seed \(seed): \(tensor.name), rank \(rank) of \(mp), saved by \(ranks)")
              }
              compared += 1
            }
          }
        }
      }
    }
    #expect(compared > 100)
  }

  /// The tensors of a mapping's way back, made of the mapped tensors' blocks.
  private func thereAndBack(_ checkpoint: Checkpoint) throws -> [(name: String, shape: [Int], boxes: [Box])] {
    let there = try checkpoint.huggingFace()
    let mapping = try #require(there.mapping)
    let back = mapping.inverted(checkpoint.tensors.map { ($0.name, $0.shape) })
    return back.entries.map { entry in
      (entry.name, entry.shape, TensorMapping.boxes(of: entry) { there.tensors[$0].boxes })
    }
  }

  @Test(arguments: NaiveModel.Kind.allCases)
  func mappingThereAndBackIsIdentity(_ kind: NaiveModel.Kind) throws {
    for seed in HuggingFaceMappingTests.seeds {
      let model = NaiveModel(kind, seed: seed)
      guard let (checkpoint, files) = try model.checkpoint(ranks: 2) else { continue }
      let back = try thereAndBack(checkpoint)
      #expect(back.map(\.name) == model.source.map(\.name))
      for (made, original) in zip(back, model.source) {
        var builder = SegmentBuilder(elementSize: model.dtype.byteSize ?? 1)
        try builder.append(shape: made.shape, boxes: made.boxes)
        if made.shape != original.tensor.shape || files.bytes(of: builder.segments) != original.tensor.bytes {
          Issue.record("seed \(seed): \(made.name)")
        }
      }
    }
  }

  @Test(arguments: Fixtures.cases("names_hf_", "mlm_", "mcore_", "dsmodel_", "flexllmgen_", "megatron_v"))
  func mappingARealCheckpointThereAndBackIsIdentity(_ fixture: Fixtures.Case) throws {
    let path = Path.join(fixture.folder, try #require(try fixture.description()["checkpoint"]?.asText))
    guard !fixture.name.contains("vconflict") else { return }
    let checkpoint = try CheckpointLoader.load(path)
    if checkpoint.context.geometry.heads == nil, checkpoint.context.megatronLayout == .version2 {
      #expect(throws: LoaderError.self) { try checkpoint.huggingFace() }
      return
    }
    let back = try thereAndBack(checkpoint)
    let omitted = Set(try checkpoint.huggingFace().lines.filter { $0.target == nil }.map(\.source))
    #expect(back.map(\.name) == checkpoint.tensors.map(\.name).filter { !omitted.contains($0) })
    let originals = Dictionary(checkpoint.tensors.map { ($0.name, $0) }) { first, _ in first }
    let tensors = back.compactMap { made in
      originals[made.name].map {
        LogicalTensor(name: made.name, dtype: $0.dtype, shape: made.shape, role: .replicated, boxes: made.boxes)
      }
    }
    let made = Checkpoint.synthetic(tensors, files: checkpoint.files)
    let whole = try bytes(of: made)
    for (name, tensor) in try bytes(of: checkpoint) where !omitted.contains(name) {
      if whole[name] != tensor { Issue.record("\(name)") }
    }
  }

  private func bytes(of checkpoint: Checkpoint) throws -> [String: ExpectedTensor] {
    let plan = try Planner(checkpoint, PartitionParameters(rank: 0, mp: 1)).plan()
    return try Fixtures.tensors(of: PartitionBody(plan, sources: SourceSet(checkpoint.files)).bytes())
  }

  @Test(arguments: Fixtures.cases("hf_", "hubcache_", "bloom_"))
  func whatHasHuggingFacesNamesStaysAsItIs(_ fixture: Fixtures.Case) throws {
    let path = Path.join(fixture.folder, try #require(try fixture.description()["checkpoint"]?.asText))
    let checkpoint = try CheckpointLoader.load(path)
    #expect(try checkpoint.tensors(for: .huggingFace) == checkpoint.tensors)
  }

  @Test func aFusedAttentionOfManyHeadsIsAFewSegments() throws {
    for kind in NaiveModel.Kind.allCases {
      for seed in HuggingFaceMappingTests.seeds {
        guard let (checkpoint, _) = try NaiveModel(kind, seed: seed, heads: 32).checkpoint(ranks: 2) else { continue }
        let plan = try Planner(checkpoint, request(rank: 0, mp: 1)).plan()
        for tensor in plan.tensors where tensor.segments.count > 8 {
          Issue.record("\(kind), seed \(seed): \(tensor.name) is \(tensor.segments.count) segments")
        }
      }
    }
  }

  @Test func aTensorWithoutANameIsNamed() throws {
    let checkpoint = try CheckpointLoader.load(
      Path.join(Fixtures.folder, "conformance/megatron_keys_mp2_fp16/checkpoint/manifest.json"))
    let error = #expect(throws: LoaderError.self) { try Planner(checkpoint, request(rank: 0, mp: 1)).plan() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("final_linear.weight has no name in a Hugging Face gpt2 checkpoint") == true)
  }

  @Test func aFamilyWithoutAMappingNamesItsFirstTensor() throws {
    let tensor = LogicalTensor(name: "x", dtype: .f32, shape: [1], role: .replicated, boxes: [])
    let error = #expect(throws: LoaderError.self) {
      try Checkpoint.synthetic([tensor], family: .unknown).tensors(for: .huggingFace)
    }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("has no mapping") == true)
    #expect(error?.message.hasSuffix(" x") == true)
  }

  @Test func headsThatNothingTellsAreAskedFor() throws {
    let model = NaiveModel(.gpt2Version2, seed: 1)
    let (checkpoint, _) = try #require(try model.checkpoint(ranks: 1))
    var context = checkpoint.context
    context.geometry.heads = nil
    let unknown = Checkpoint.synthetic(checkpoint.tensors, context: context, family: .megatron)
    let error = #expect(throws: LoaderError.self) { try unknown.tensors(for: .huggingFace) }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("assets") == true)
  }

  @Test func paddingOfTheVocabularyIsDroppedWhereTheArgumentsTellIt() throws {
    let model = NaiveModel(.gpt2Version0, seed: 2)
    let (checkpoint, files) = try #require(try model.checkpoint(ranks: 1))
    let padded = Checkpoint.synthetic(
      checkpoint.tensors, context: checkpoint.context, family: .megatron,
      arguments: TrainingArguments(["vocab_size": .integer(11)]))
    let plan = try Planner(padded, request(rank: 0, mp: 1)).plan()
    let words = try #require(plan.tensors.first { $0.name == "transformer.wte.weight" })
    let whole = try #require(model.target[words.name])
    #expect(words.shape == [11, whole.shape[1]])
    #expect(files.bytes(of: words, in: plan) == whole.rows(Array(0..<11)).bytes)
    #expect(try Planner(padded, PartitionParameters(rank: 0, mp: 1)).plan().tensors[0].shape[0] == 12)
  }

  @Test func stagesExpertsAndPatternsGoByTheNewNames() throws {
    let (checkpoint, _) = try #require(try NaiveModel(.coreMixtral, seed: 3).checkpoint(ranks: 2))
    func names(_ change: (inout PartitionParameters) -> Void) throws -> [String] {
      var parameters = request(rank: 0, mp: 1)
      change(&parameters)
      return try Planner(checkpoint, parameters).plan().tensors.map(\.name)
    }
    let experts = try names { $0.experts = .init(index: 1, count: 2) }.filter { $0.contains("experts") }
    #expect(experts.count == 3)
    #expect(experts.allSatisfy { $0.contains("experts.1.") })
    #expect(try names { $0.tensors = ["*.q_proj.weight"] } == ["model.layers.0.self_attn.q_proj.weight"])
    let last = try names { $0.stage = .init(index: 0, count: 1) }
    #expect(last.contains("lm_head.weight") && last.contains("model.embed_tokens.weight"))
  }
}
