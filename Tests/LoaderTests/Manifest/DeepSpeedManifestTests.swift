import Platform
import Testing

@testable import Loader

@Suite struct DeepSpeedManifestTests {
  private static let sample = Path.folder(of: Path.folder(of: Fixtures.folder)) + "/Sample/gpt2-tiny"

  @Test func aFolderWithAManifestIsWhatTheManifestSays() throws {
    let folder = try CheckpointLoader.load(Self.sample)
    let file = try CheckpointLoader.load(Self.sample + "/manifest.json")
    #expect(folder.sourceType == "Megatron")
    #expect(folder.revision == file.revision)
    #expect(folder.name == file.name)
  }
}
