import Loader
import Platform
import TestSupport
import Testing

/// Files that are no checkpoints, but look like some: the error says what they are, and what to give.
@Suite struct ForeignFileTests {
  private static let link = "../../blobs/5c1910f53de93cc9ca9004ea2d9f0ed43a200a31"

  private func complaint(of path: String) -> String? {
    do throws(LoaderError) {
      _ = try CheckpointLoader.load(path)
      return nil
    } catch {
      return error.message
    }
  }

  @Test(arguments: [
    ("model.gguf", "GGUF\u{3}", "give the Hugging Face folder that it was made from"),
    ("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    ("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    ("model.safetensors", link, "is the text of a link (\(link))"),
    ("model.safetensors", link + "\n", "is the text of a link (\(link))"),
    ("model.ckpt.index", "\u{0}\u{0}", "TensorFlow"),
    ("model.ckpt.data-00000-of-00001", "\u{0}\u{0}", "TensorFlow"),
    ("model.bin", "<!DOCTYPE html>", "page of HTML"),
  ])
  func aForeignFileIsNamed(_ name: String, _ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(name, text)
    let message = try #require(complaint(of: folder.file(name)))
    #expect(message.contains(word), "\(message)")
  }

  /// The same in a folder that is otherwise one of Hugging Face.
  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    (link, "is the text of a link"),
  ])
  func aWeightFileThatWasNotFetchedIsNamed(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"model_type": "llama"}"#)
    try folder.write("model.safetensors", text)
    #expect(try #require(complaint(of: folder.path)).contains(word))
  }

  @Test(arguments: [
    (["model.ckpt.index", "model.ckpt.data-00000-of-00002"], "TensorFlow"),
    (["README.md", "q4_0.gguf"], "holds q4_0.gguf"),
  ])
  func aFolderOfForeignFilesIsNamed(_ names: [String], _ word: String) throws {
    let folder = try TemporaryFolder()
    for name in names { try folder.write(name, "x") }
    #expect(try #require(complaint(of: folder.path)).contains(word))
  }

  @Test func aTorchScriptArchiveIsNamed() throws {
    let folder = try TemporaryFolder()
    var zip = ZipBuilder.torch(PickleAssembler.make { $0.raw("}") })
    zip.entries.append(ZipBuilder.Entry(name: "archive/constants.pkl", bytes: [0x80, 2, 0x29, 0x2E]))
    try folder.write("scripted.pt", zip.build())
    #expect(
      complaint(of: folder.file("scripted.pt"))
        == "is a TorchScript archive (it has constants.pkl); save its state_dict() with torch.save")
  }
}
