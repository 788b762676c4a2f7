import Loader
import Platform
import TestSupport
import Testing

/// Folders as Megatron-LM's training saves them (`Fixtures/megatron/make.py`), against the whole models that were cut.
@Suite struct MegatronFolderTests {
  private static let folder = "\(Fixtures.folder)/megatron"

  private func whole(_ path: String) throws -> [String: ExpectedTensor] {
    let checkpoint = try CheckpointLoader.load(path)
    let plan = try Planner(checkpoint, PartitionParameters(rank: 0, mp: 1)).plan()
    return try Fixtures.tensors(of: PartitionBody(plan, sources: SourceSet(checkpoint.files)).bytes())
  }

  /// Virtual stages are numbered as `get_transformer_layer_offset` does, experts on from the expert-parallel ranks before.
  @Test(arguments: ["virtual", "experts", "grouped"])
  func stagesAndExpertsMakeTheWholeModel(_ name: String) throws {
    let expected = try Fixtures.tensors(of: Fixtures.read("\(MegatronFolderTests.folder)/\(name).safetensors"))
    #expect(try Fixtures.differences(whole("\(MegatronFolderTests.folder)/\(name)"), expected) == [])
  }

  @Test func layersComeInTheOrderOfTheModel() throws {
    let checkpoint = try CheckpointLoader.load("\(MegatronFolderTests.folder)/virtual")
    let layers = checkpoint.tensors.compactMap(\.layer)
    #expect(layers == layers.sorted())
    #expect(Set(layers) == Set(0..<8))
    #expect(checkpoint.parallelization.tensor == 2)
    #expect(checkpoint.parallelization.pipeline == 2)
    #expect(checkpoint.warnings == [])
  }

  @Test(arguments: ["virtual", "experts"])
  func aRankThatIsMissingIsSaid(_ name: String) throws {
    let folder = try TemporaryFolder()
    let source = "\(MegatronFolderTests.folder)/\(name)/iter_0000020"
    for rank in try Folder.names(in: source).sorted().dropFirst() {
      try folder.write("\(rank)/model_optim_rng.pt", Fixtures.read("\(source)/\(rank)/model_optim_rng.pt"))
    }
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.code == .missingFile)
    #expect(error?.message.hasPrefix("there is no file for tensor-parallel rank 0, pipeline stage 0") == true)
  }
}
