import TestSupport
import Testing

@testable import Loader

@Suite struct SingleFileTests {
  private static let conformance = "\(Fixtures.folder)/conformance"

  @Test func aLoneFileOfMegatronIsARankOfOne() throws {
    let checkpoint = try CheckpointLoader.load(
      "\(SingleFileTests.conformance)/megatron_v2_mp1_12heads_bf16/checkpoint/mp_rank_00_model_states.pt")
    #expect(checkpoint.sourceType == "Megatron")
    #expect(checkpoint.family.name == "megatron")
    #expect(checkpoint.moduleKey == "module")
    #expect(checkpoint.context.geometry.heads == 12)
  }

  @Test func oneRankOfSeveralIsRefused() throws {
    let error = #expect(throws: LoaderError.self) {
      try CheckpointLoader.load(
        "\(SingleFileTests.conformance)/megatron_v0_mp2_to3_fp16/checkpoint/mp_rank_00_model_states.pt")
    }
    #expect(error?.message.contains("mp_world_size 2, but 1 file was given") == true, "\(error?.message ?? "")")
  }

  @Test func aLoneTorchFileOfAnyoneElseIsReadByItsNames() throws {
    let checkpoint = try CheckpointLoader.load(
      "\(SingleFileTests.conformance)/bloom_pp_fp16/checkpoint/pytorch_model-00002-of-00003.bin")
    #expect(checkpoint.sourceType == "torch")
    #expect(checkpoint.family.name == "bloom")
  }

  @Test func aSafetensorsFileIsToldByItsFirstBytes() throws {
    let folder = try TemporaryFolder()
    try folder.write("weights.data", SafetensorsWriter.bytes(SmallLLaMA().tensors))
    let checkpoint = try CheckpointLoader.load("\(folder.path)/weights.data")
    #expect(checkpoint.sourceType == "safetensors")
    #expect(checkpoint.family.name == "llama")
    #expect(checkpoint.name == "weights")
  }

  @Test(arguments: [
    ("model.pt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs"), ("model.pt", "", "empty"),
    ("model.bin", "hello", "no file of torch.save"), ("model.safetensors", "12345678", "header"),
    ("readme.txt", "hello", "no checkpoint that is known"),
  ])
  func aFileThatIsNoneSaysWhatItIsNot(_ name: String, _ text: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(name, text)
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load("\(folder.path)/\(name)") }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func aFileThatIsNotThereIsMissing() {
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load("/nowhere/model.pt") }
    #expect(error?.code == .missingFile)
  }
}
