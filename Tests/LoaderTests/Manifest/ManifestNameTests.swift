import TestSupport
import Testing

@testable import Loader

@Suite struct ManifestNameTests {
  @Test(arguments: [
    ("gpt", "gpt"), ("a/b c", "a_b_c"), ("", "checkpoint"), ("api", "api_"), ("..", ".._"), ("ü", "_"),
    (String(repeating: "x", count: 200), String(repeating: "x", count: 96)),
  ])
  func namesAreMadeOfAllowedCharacters(name: String, clean: String) throws {
    #expect(ManifestName.sanitize(name) == clean)
    #expect(try ManifestName.validate(clean) == clean)
  }

  @Test(arguments: ["", "a b", "shard", "..", "é", String(repeating: "x", count: 97)])
  func aNameThatAPersonGaveIsNotMended(name: String) {
    #expect(throws: LoaderError.self) { try ManifestName.validate(name) }
  }

  @Test(arguments: [
    ("models/gpt2.json", "gpt2"), ("gpt2/manifest.json", "gpt2"), ("llama/model.safetensors.index.json", "llama"),
    ("x/mp_rank_00_model_states.pt", "x"), ("x/pytorch_model.bin", "x"), ("x/weights.safetensors", "weights"),
    ("x/ds_inference_config.json", "x"),
  ])
  func aFileIsNamedByItselfUnlessItsNameSaysNothing(path: String, name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(path, "")
    #expect(ManifestName.defaultName(path: folder.file(path), isFolder: false) == name)
  }

  @Test func aSnapshotOfTheHubsCacheIsNamedByItsRepository() throws {
    let folder = try TemporaryFolder()
    try folder.write("models--org--tiny-llama/snapshots/abc/config.json", "{}")
    let snapshot = folder.file("models--org--tiny-llama/snapshots/abc")
    #expect(ManifestName.defaultName(path: snapshot, isFolder: true) == "tiny-llama")
  }
}
