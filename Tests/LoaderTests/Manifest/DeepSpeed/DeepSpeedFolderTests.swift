import Loader
import Platform
import TestSupport
import Testing

/// The folders that DeepSpeed itself saved (`Fixtures/deepspeed/make.py`), against what its own tools make of them.
@Suite struct DeepSpeedFolderTests {
  private static let folder = "\(Fixtures.folder)/deepspeed"

  /// The whole tensors of a checkpoint: its partition at a degree of 1.
  private func whole(_ path: String, _ query: [(name: String, value: String)] = []) throws -> [String: ExpectedTensor] {
    let checkpoint = try CheckpointLoader.load(path)
    let parameters = try PartitionParameters([("rank", "0"), ("mp", "1")].map { (name: $0.0, value: $0.1) } + query)
    let plan = try Planner(checkpoint, parameters).plan()
    return try Fixtures.tensors(of: PartitionBody(plan, sources: SourceSet(checkpoint.files)).bytes())
  }

  private func expected(_ name: String) throws -> [String: ExpectedTensor] {
    try Fixtures.tensors(of: Fixtures.read("\(DeepSpeedFolderTests.folder)/\(name).safetensors"))
  }

  @Test(arguments: ["zero1", "pipeline", "pipeline_megatron", "moe", "universal"])
  func aRunIsWhatDeepSpeedMakesOfIt(_ name: String) throws {
    let found = try whole("\(DeepSpeedFolderTests.folder)/\(name)")
    #expect(try Fixtures.differences(found, expected(name)) == [])
  }

  /// Buffers are served as they were saved, where DeepSpeed's script makes them single precision.
  @Test(arguments: ["zero3", "zero3_three", "universal_zero3"])
  func partsAreGatheredAsDeepSpeedGathersThem(_ name: String) throws {
    var found = try whole("\(DeepSpeedFolderTests.folder)/\(name)")
    var expected = try expected(name)
    let removed = found.removeValue(forKey: "model.rotary_inv_freq")
    let buffer = try #require(removed)
    #expect(buffer.dtype == .bf16)
    let single = expected.removeValue(forKey: "model.rotary_inv_freq")
    #expect(Fixtures.differences(found, expected) == [])
    guard let single else { return }
    #expect(single.bytes == stride(from: 0, to: 6, by: 2).flatMap { [0, 0] + buffer.bytes[$0..<$0 + 2] })
  }

  @Test(arguments: ["zero1", "zero3", "zero3_three", "pipeline", "moe", "parallel"])
  func theStepsFolderIsTheSameAsTheRuns(_ name: String) throws {
    let run = "\(DeepSpeedFolderTests.folder)/\(name)"
    #expect(try Fixtures.differences(whole(run), whole("\(run)/global_step1")) == [])
  }

  /// The hints strip the padding of the vocabulary, which we do where `vocab_size` asks for it.
  @Test func ranksAreMergedByTheHintsInTheirFiles() throws {
    let found = try whole("\(DeepSpeedFolderTests.folder)/parallel", [(name: "vocab_size", value: "13")])
    #expect(try Fixtures.differences(found, expected("parallel")) == [])
  }

  @Test func hintsMakeRulesForOtherDegrees() throws {
    let checkpoint = try CheckpointLoader.load("\(DeepSpeedFolderTests.folder)/universal")
    let roles = Dictionary(checkpoint.tensors.map { ($0.name, $0.role) }) { first, _ in first }
    #expect(roles["tokens.table"] == .vocabulary)
    #expect(roles["block.1.scale"] == .replicated)
    #expect(roles["block.0.gather.weight"] == .row)
    #expect(roles["block.0.gated.weight"] == .fusedColumns(2))
    #expect(roles["block.0.spread.weight"] == .column)
    #expect(roles["block.0.spread.bias"] == .column)
    #expect(checkpoint.possibleDegrees.contains(2))
    #expect(checkpoint.warnings == [])
  }

  @Test func partsOfARunAreNamedAsSuch() throws {
    let checkpoint = try CheckpointLoader.load("\(DeepSpeedFolderTests.folder)/zero3_three")
    #expect(checkpoint.sourceType == "deepspeed")
    #expect(checkpoint.family.name == "llama")
    #expect(checkpoint.reasons.contains { $0.contains("gathered from 3 data-parallel ranks") })
  }

  @Test(arguments: [
    (
      "global_step1/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt", LoaderError.Code.invalidCheckpoint,
      "zero_to_fp32.py"
    ),
    ("global_step1/zero_pp_rank_1_mp_rank_00_model_states.pt", .invalidCheckpoint, "zero_to_fp32.py"),
    ("global_step1/zero_pp_rank_0_mp_rank_00_model_states.pt", .missingFile, "none of 0"),
  ])
  func aPartThatIsMissingIsSaid(_ file: String, _ code: LoaderError.Code, _ word: String) throws {
    let folder = try TemporaryFolder()
    try copy("zero3", to: folder, except: file)
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.code == code)
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test func anExpertThatIsMissingIsSaid() throws {
    let folder = try TemporaryFolder()
    try copy("moe", to: folder, except: "global_step1/layer_1_expert_2_mp_rank_00_model_states.pt")
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.description == "global_step1: has files of 3 experts of layer 1, but none of expert 2")
  }

  @Test func aRankThatIsMissingIsSaid() throws {
    let folder = try TemporaryFolder()
    try copy("parallel", to: folder, except: "global_step1/mp_rank_01_model_states.pt")
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.code == .missingFile)
    #expect(error?.message == "says mp_world_size 2, and the folder has files of 1 tensor-parallel ranks")
  }

  @Test func latestNamesTheStep() throws {
    let folder = try TemporaryFolder()
    try copy("zero1", to: folder)
    try copy("pipeline", to: folder, as: "global_step2")
    #expect(try whole(folder.path).keys.contains("lm_head.weight"))
    try folder.write("latest", "global_step2\n")
    #expect(try whole(folder.path).keys.contains("4.weight"))
    try folder.write("latest", "global_step3")
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.description == "latest: names the folder global_step3, which is not there")
  }

  @Test func severalStepsWithoutLatestAreAmbiguous() throws {
    let folder = try TemporaryFolder()
    try copy("zero1", to: folder, except: "latest")
    #expect(try CheckpointLoader.load(folder.path).reasons.first?.contains("global_step1 is its only step") == true)
    try copy("pipeline", to: folder, except: "latest", as: "global_step10")
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(
      error?.message
        == "is ambiguous: there is no latest, and the folder holds the steps global_step1, global_step10; name the folder of one"
    )
  }

  /// Copies a run, its step under another name if so said.
  private func copy(_ name: String, to folder: TemporaryFolder, except: String = "", as step: String? = nil) throws {
    let source = "\(DeepSpeedFolderTests.folder)/\(name)"
    for file in try ["latest"] + Folder.names(in: "\(source)/global_step1").map({ "global_step1/\($0)" })
    where file != except && (step == nil || file != "latest") {
      let target = step.map { $0 + file.dropFirst("global_step1".count) } ?? file
      try folder.write(target, Fixtures.read("\(source)/\(file)"))
    }
  }
}
