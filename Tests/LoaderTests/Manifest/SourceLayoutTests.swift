import Platform
import TestSupport
import Testing

@testable import Loader

/// What a path is told to be, by what is in it.
@Suite struct SourceLayoutTests {
  private func complaint(of path: String) -> LoaderError? {
    do throws(LoaderError) {
      _ = try CheckpointLoader.load(path)
      return nil
    } catch {
      return error
    }
  }

  private func layout(_ path: String) throws -> String {
    try LayoutRegistry.layout(of: Candidate(path: path, options: LoadOptions())).layout.name
  }

  private static let conformance = "\(Fixtures.folder)/conformance"

  @Test(arguments: [
    ("\(conformance)/hf_llama_gqa_bf16/checkpoint", "huggingface"),
    ("\(conformance)/hf_llama_gqa_bf16/checkpoint/model.safetensors.index.json", "huggingface"),
    ("\(conformance)/hf_qwen2_fp32/checkpoint/model-00001-of-00003.safetensors", "file"),
    ("\(conformance)/megatron_v2_mp1_fp32/checkpoint/manifest.json", "manifest"),
    ("\(conformance)/megatron_v2_mp1_fp32/checkpoint/mp_rank_00_model_states.pt", "file"),
    ("\(Fixtures.folder)/torch/dcp", "dcp"),
    ("\(Fixtures.folder)/torch/dcp/.metadata", "dcp"),
    ("\(Fixtures.folder)/deepspeed/zero3", "deepspeed"),
    ("\(Fixtures.folder)/deepspeed/universal", "deepspeed_universal"),
    ("\(Fixtures.folder)/megatron/virtual", "megatron"),
    ("\(Fixtures.folder)/megatron/virtual/iter_0000020", "megatron"),
  ])
  func aPathIsWhatItHolds(_ path: String, _ name: String) throws {
    #expect(try layout(path) == name)
  }

  @Test func contentTellsWhateverTheNameIs() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "weights",
      Fixtures.read("\(SourceLayoutTests.conformance)/hf_llama_tied_fp16_single/checkpoint/model.safetensors"))
    #expect(try layout(folder.file("weights")) == "file")
    try folder.write("described.txt", #"{"type": "Megatron", "checkpoints": ["a.pt"]}"#)
    #expect(try layout(folder.file("described.txt")) == "manifest")
  }

  /// A trainer saves the model beside the state that the run goes on from.
  @Test func aModelGoesBeforeTheRunThatMadeIt() throws {
    let folder = try TemporaryFolder()
    try copy("\(SourceLayoutTests.conformance)/hf_llama_tied_fp16_single/checkpoint", to: folder)
    try folder.write("latest", "global_step1")
    try copy("\(Fixtures.folder)/deepspeed/zero1/global_step1", to: folder, below: "global_step1/")
    #expect(try layout(folder.path) == "huggingface")
  }

  /// Megatron-DeepSpeed writes the trackers of both.
  @Test func deepSpeedsStepsGoBeforeMegatronsTracker() throws {
    let folder = try TemporaryFolder()
    try folder.write("latest", "global_step1")
    try folder.write("latest_checkpointed_iteration.txt", "1")
    try copy("\(Fixtures.folder)/deepspeed/zero1/global_step1", to: folder, below: "global_step1/")
    #expect(try layout(folder.path) == "deepspeed")
  }

  @Test func twoThingsInOneFolderAreAmbiguous() throws {
    let folder = try TemporaryFolder()
    try copy("\(SourceLayoutTests.conformance)/hf_llama_tied_fp16_single/checkpoint", to: folder)
    try copy("\(Fixtures.folder)/torch/dcp", to: folder)
    let error = try #require(complaint(of: folder.path))
    #expect(
      error.message
        == "is ambiguous: huggingface since the folder holds model.safetensors and config.json, and dcp since the folder holds"
        + " .metadata, as PyTorch DCP writes it; name a file of the one that is meant (an index, .metadata, a manifest), or keep"
        + " each in a folder of its own")
    #expect(try layout(folder.file(".metadata")) == "dcp")
    #expect(try layout(folder.file("model.safetensors")) == "file")
  }

  @Test func iterationsWithoutATrackerAreAmbiguousUnlessThereIsOne() throws {
    let folder = try TemporaryFolder()
    try copy(
      "\(Fixtures.folder)/megatron/grouped/iter_0000020/mp_rank_00_000", to: folder,
      below: "iter_0000020/mp_rank_00_000/")
    #expect(try layout(folder.path) == "megatron")
    try copy(
      "\(Fixtures.folder)/megatron/grouped/iter_0000020/mp_rank_00_000", to: folder,
      below: "iter_0000030/mp_rank_00_000/")
    #expect(
      complaint(of: folder.path)?.message
        == "is ambiguous: there is no latest_checkpointed_iteration.txt, and the folder holds iter_0000020, iter_0000030; name the"
        + " folder of one")
  }

  @Test func wholeModulesAndPartsInOneStepAreAmbiguous() throws {
    let folder = try TemporaryFolder()
    try copy("\(Fixtures.folder)/deepspeed/zero3/global_step1", to: folder)
    try copy("\(Fixtures.folder)/deepspeed/zero1/global_step1", to: folder)
    #expect(complaint(of: folder.path)?.message.hasPrefix("is ambiguous: the step holds whole modules") == true)
  }

  @Test func filesOfTwoSavesInOneStepAreAmbiguous() throws {
    let folder = try TemporaryFolder()
    try copy("\(Fixtures.folder)/deepspeed/zero3/global_step1", to: folder)
    let name = "zero_pp_rank_0_mp_rank_00_optim_states.pt"
    try folder.write(name, Fixtures.read("\(Fixtures.folder)/deepspeed/zero3/global_step1/bf16_\(name)"))
    #expect(
      complaint(of: folder.path)?.message
        == "is ambiguous: the step holds bf16_\(name), \(name), whose names say the same; move the files of one save away"
    )
  }

  @Test func whatIsUnknownListsWhatWasLookedFor() throws {
    let folder = try TemporaryFolder()
    try folder.write("notes.txt", "nothing here")
    for path in [folder.path, folder.file("notes.txt")] {
      let message = try #require(complaint(of: path)).message
      for layout in LayoutRegistry.all { #expect(message.contains(layout.lookedFor)) }
    }
  }

  @Test func layoutsThatGoBeforeOthersAreKnownAndDoNotGoInCircles() {
    let names = Set(LayoutRegistry.all.map(\.name))
    #expect(names.count == LayoutRegistry.all.count)
    for layout in LayoutRegistry.all {
      #expect(layout.precedes.isSubset(of: names))
      for other in LayoutRegistry.all where layout.precedes.contains(other.name) {
        #expect(!other.precedes.contains(layout.name))
      }
    }
  }

  private func copy(_ source: String, to folder: TemporaryFolder, below prefix: String = "") throws {
    for name in try Folder.names(in: source) {
      guard try FileStatus.of(path: "\(source)/\(name)").kind == .regular else { continue }
      try folder.write(prefix + name, Fixtures.read("\(source)/\(name)"))
    }
  }
}
