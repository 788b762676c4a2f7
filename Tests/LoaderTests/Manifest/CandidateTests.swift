import Loader
import Platform
import TestSupport
import Testing

/// Links are followed within the roots, and nowhere else.
@Suite struct CandidateTests {
  private static let model = "\(Fixtures.folder)/conformance/hf_llama_tied_fp16_single/checkpoint"

  private func load(_ path: String, root: String? = nil) throws(LoaderError) -> Checkpoint {
    var options = LoadOptions()
    if let root { try? options.roots.add(folder: root) }
    return try CheckpointLoader.load(path, options: options)
  }

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors"] {
      try folder.write("blobs/\(name)", Fixtures.read("\(CandidateTests.model)/\(name)"))
    }
    return folder
  }

  @Test(arguments: ["config.json", "model.safetensors"])
  func aLinkThatLeavesTheFolderIsRefusedUnlessItsFolderIsARoot(_ name: String) throws {
    let folder = try folder()
    for other in ["config.json", "model.safetensors"] where other != name {
      try folder.write("model/\(other)", Fixtures.read("\(CandidateTests.model)/\(other)"))
    }
    try folder.link("model/\(name)", to: "../blobs/\(name)")
    let error = #expect(throws: LoaderError.self) { try load(folder.file("model")) }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.message.contains("--root") == true)
    #expect(try load(folder.file("model"), root: folder.file("blobs")).tensors.isEmpty == false)
  }

  @Test(arguments: [
    ("../elsewhere", LoaderError.Code.missingFile), ("model.safetensors", .inputOutput),
    ("/dev/zero", .invalidCheckpoint),
    ("/proc/self/mem", .invalidCheckpoint), ("..", .invalidCheckpoint),
  ])
  func aLinkToNothingToItselfOrToADeviceIsRefused(_ target: String, _ code: LoaderError.Code) throws {
    let folder = try TemporaryFolder()
    try folder.write("model/config.json", "{}")
    try folder.link("model/model.safetensors", to: target)
    let error = #expect(throws: LoaderError.self) { try load(folder.file("model")) }
    #expect(error?.code == code, "\(error?.description ?? "")")
  }

  @Test func aStepsFolderMayNotBeALinkOutOfTheRun() throws {
    let folder = try TemporaryFolder()
    try folder.write("run/latest", "global_step1")
    try folder.link("run/global_step1", to: "\(Fixtures.folder)/deepspeed/zero1/global_step1")
    let error = #expect(throws: LoaderError.self) { try load(folder.file("run")) }
    #expect(error?.message == "lies outside the roots")
  }

  @Test func whatIsNotThereIsMissing() throws {
    let error = try #require(throws: LoaderError.self) { try load("/nonexistent/x") }
    #expect(error.code == .missingFile)
  }

  @Test func whatIsNoCheckpointSaysWhatWasLookedFor() throws {
    let folder = try TemporaryFolder()
    try folder.write("notes.txt", "hello")
    let error = try #require(throws: LoaderError.self) { try load(folder.path) }
    #expect(error.message.contains("looked for") && error.message.contains("DeepSpeed manifest"))
  }
}
