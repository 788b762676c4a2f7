import TestSupport
import Testing

@testable import Loader

@Suite struct HuggingFaceFolderTests {
  private static let bloom = "\(Fixtures.folder)/conformance/bloom_pp_fp16/checkpoint"
  private static let llama = SmallLLaMA()

  /// A folder with the files of a model that was saved as `.bin`.
  private func binFolder(_ names: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (from, to) in names {
      try folder.write(to, try Fixtures.read("\(HuggingFaceFolderTests.bloom)/\(from)"))
    }
    return folder
  }

  private static let shards = (1...3).map { "pytorch_model-0000\($0)-of-00003.bin" }

  /// The LLaMA in files of some tensors each.
  private func folder(_ names: [String], index: String? = nil) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let model = HuggingFaceFolderTests.llama
    var map: [String] = []
    for (number, name) in names.enumerated() {
      let part = model.tensors.indices.filter { $0 % names.count == number }.map { model.tensors[$0] }
      map += part.map { "\"\($0.name)\":\"\(name)\"" }
      try folder.write(name, SafetensorsWriter.bytes(part))
    }
    if let index { try folder.write(index, "{\"weight_map\":{\(map.joined(separator: ","))}}") }
    try folder.write("config.json", model.configuration)
    return folder
  }

  @Test(arguments: [
    ["model.safetensors"], ["model-00001-of-00001.safetensors"],
    ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], ["weights.safetensors"],
  ])
  func filesWithoutAnIndexHoldTheModelBetweenThem(_ names: [String]) throws {
    let folder = try folder(names)
    let checkpoint = try CheckpointLoader.load(folder.path)
    #expect(checkpoint.tensors.count == HuggingFaceFolderTests.llama.tensors.count)
    #expect(checkpoint.sourceType == "huggingface")
    #expect(checkpoint.family.name == "llama")
    #expect(checkpoint.warnings == [])
  }

  @Test func theIndexSaysWhichFilesAreRead() throws {
    let folder = try folder(["a.safetensors", "b.safetensors"], index: "model.safetensors.index.json")
    try folder.write("consolidated.safetensors", SafetensorsWriter.bytes(HuggingFaceFolderTests.llama.tensors))
    for path in [folder.path, "\(folder.path)/model.safetensors.index.json"] {
      let checkpoint = try CheckpointLoader.load(path)
      #expect(checkpoint.files.map(\.name) == ["a.safetensors", "b.safetensors"])
      #expect(checkpoint.tensors.count == HuggingFaceFolderTests.llama.tensors.count)
    }
  }

  @Test func tensorsThatTheIndexDoesNotNameAreNotServed() throws {
    let folder = try folder(["a.safetensors"], index: "model.safetensors.index.json")
    var model = HuggingFaceFolderTests.llama
    model.add("extra.weight", [2])
    try folder.write("a.safetensors", SafetensorsWriter.bytes(model.tensors))
    let checkpoint = try CheckpointLoader.load(folder.path)
    #expect(checkpoint.warnings == ["a.safetensors has 1 tensors that the index does not name: not served"])
  }

  @Test func binFilesAreReadWithAndWithoutAnIndex() throws {
    let whole = Dictionary(HuggingFaceFolderTests.shards.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
    let indexed = whole.merging(["pytorch_model.bin.index.json": "pytorch_model.bin.index.json"]) { first, _ in first }
    for var names in [whole, indexed] {
      names["config.json"] = "config.json"
      let folder = try binFolder(names)
      let checkpoint = try CheckpointLoader.load(folder.path)
      #expect(checkpoint.family.name == "bloom")
      #expect(checkpoint.tensors.count == 30)
      #expect(checkpoint.warnings == [])
    }
  }

  @Test func aLoneBinFileIsRead() throws {
    let folder = try binFolder(["pytorch_model-00001-of-00003.bin": "pytorch_model.bin", "config.json": "config.json"])
    #expect(try CheckpointLoader.load(folder.path).tensors.count == 12)
  }

  @Test func safetensorsAreReadBeforeBinFiles() throws {
    let folder = try folder(["model.safetensors"])
    try folder.write("pytorch_model.bin", "not a torch file")
    #expect(try CheckpointLoader.load(folder.path).files.map(\.name) == ["model.safetensors"])
  }

  @Test func aFileThatTheNamesPromiseIsMissed() throws {
    let folder = try folder(["model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"])
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.code == .missingFile)
    #expect(error?.message.contains("one of 3 files, of which 2 are") == true)
  }

  @Test func filesOfTwoSetsAreRefused() throws {
    let folder = try folder(["model-00001-of-00002.safetensors", "model-00001-of-00003.safetensors"])
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.message.contains("another set") == true)
  }

  @Test func aTensorInTwoFilesIsRefused() throws {
    let folder = try folder(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
    try folder.write("model-00002-of-00002.safetensors", SafetensorsWriter.bytes(HuggingFaceFolderTests.llama.tensors))
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.message.contains("stands twice") == true)
  }

  @Test(arguments: [
    ("{}", "weight_map"), ("{\"weight_map\":[]}", "weight_map"), ("{\"weight_map\":{\"x\":1}}", "file's name"),
    ("{\"weight_map\":{\"x\":\"a.safetensors\"}}", "does not have it"),
    ("{\"weight_map\":{\"x\":\"../a.safetensors\"}}", ".."), ("{\"weight_map\":{}}", "no tensor"), ("{", "line 1"),
  ])
  func anIndexThatIsWrongIsRefused(_ text: String, _ words: String) throws {
    let folder = try folder(["a.safetensors"])
    try folder.write("model.safetensors.index.json", text)
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func anUnknownModelTypeLeavesTheFamilyToTheNames() throws {
    var model = HuggingFaceFolderTests.llama
    model.configuration = #"{"model_type":"novel","num_attention_heads":4,"num_key_value_heads":2}"#
    let checkpoint = try model.load()
    #expect(checkpoint.family.name == "llama")
    #expect(checkpoint.warnings.first == "model_type novel is not known: the family is told by the tensors' names")
  }
}
