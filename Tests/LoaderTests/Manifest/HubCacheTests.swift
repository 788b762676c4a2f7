import Loader
import Platform
import TestSupport
import Testing

/// Snapshots of the Hub's cache, whose files are links into `blobs`.
@Suite struct HubCacheTests {
  private static let model = "\(Fixtures.folder)/conformance/hf_llama_tied_fp16_single/checkpoint"
  private static let weights = String(repeating: "ab", count: 32)
  private static let configuration = String(repeating: "c0", count: 20)
  private static let revision = String(repeating: "01", count: 20)
  private static let repository = "models--org--small"

  private func cache(
    revisions: [String] = [revision], main: String? = revision, make: (TemporaryFolder, String, String) throws -> Void
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let repository = HubCacheTests.repository
    try folder.write(
      "\(repository)/blobs/\(HubCacheTests.weights)", Fixtures.read("\(HubCacheTests.model)/model.safetensors"))
    try folder.write(
      "\(repository)/blobs/\(HubCacheTests.configuration)", Fixtures.read("\(HubCacheTests.model)/config.json"))
    if let main { try folder.write("\(repository)/refs/main", main) }
    for revision in revisions {
      let snapshot = "\(repository)/snapshots/\(revision)"
      try make(folder, "\(snapshot)/model.safetensors", "../../blobs/\(HubCacheTests.weights)")
      try make(folder, "\(snapshot)/config.json", "../../blobs/\(HubCacheTests.configuration)")
    }
    return folder
  }

  private func load(_ path: String) throws(LoaderError) -> Checkpoint { try CheckpointLoader.load(path) }

  @Test func aSnapshotsFilesAreLinksIntoTheBlobs() throws {
    let folder = try cache { try $0.link($1, to: $2) }
    let snapshot = "\(HubCacheTests.repository)/snapshots/\(HubCacheTests.revision)"
    let checkpoint = try load(folder.file(snapshot))
    #expect(checkpoint.name == "small")
    #expect(checkpoint.family.name == "llama")
    try folder.write("models--org--other/blobs/c0ffee", "{}")
    try folder.link("\(snapshot)/model.safetensors.index.json", to: "../../../models--org--other/blobs/c0ffee")
    #expect(throws: LoaderError.self) { try load(folder.file(snapshot)) }
  }

  @Test func linksThatWereWrittenAsTextLeadToTheSameBytes() throws {
    let linked = try cache { try $0.link($1, to: $2) }
    let written = try cache { try $0.write($1, $2) }
    let snapshot = "\(HubCacheTests.repository)/snapshots/\(HubCacheTests.revision)"
    let tensors = try load(linked.file(snapshot)).tensors.map(\.name)
    #expect(try load(written.file(snapshot)).tensors.map(\.name) == tensors)
    #expect(try load(written.file("\(snapshot)/model.safetensors")).tensors.map(\.name) == tensors)
  }

  @Test(arguments: ["../../blobs/../../../etc/passwd", "../../blobs/0123", "../../../models--x/blobs/\(weights)"])
  func aTextThatIsNoLinkIntoTheBlobsIsTheFileItself(_ text: String) throws {
    let folder = try cache { folder, path, _ in try folder.write(path, text) }
    let snapshot = "\(HubCacheTests.repository)/snapshots/\(HubCacheTests.revision)"
    let error = #expect(throws: LoaderError.self) { try load(folder.file(snapshot)) }
    #expect(error?.code == .invalidCheckpoint)
  }

  @Test func aRepositorysFolderMeansTheSnapshotOfMain() throws {
    let other = String(repeating: "02", count: 20)
    let folder = try cache(revisions: [other, HubCacheTests.revision]) { try $0.link($1, to: $2) }
    let checkpoint = try load(folder.file(HubCacheTests.repository))
    #expect(checkpoint.name == "small")
    #expect(checkpoint.files.first?.file.path.contains(HubCacheTests.revision) == true)
  }

  @Test func aRepositoryWithoutMainMeansItsOnlySnapshotOrNamesThem() throws {
    let one = try cache(main: nil) { try $0.link($1, to: $2) }
    #expect(try load(one.file(HubCacheTests.repository)).name == "small")
    let two = try cache(revisions: ["aa", "bb"], main: nil) { try $0.link($1, to: $2) }
    let error = #expect(throws: LoaderError.self) { try load(two.file(HubCacheTests.repository)) }
    #expect(error?.message.contains("(aa, bb)") == true)
  }
}
