import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct CandidateTests {
  private static let safetensors: [UInt8] = {
    let json = Array("{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}".utf8)
    return [UInt8(json.count), 0, 0, 0, 0, 0, 0, 0] + json + [1, 2]
  }()

  @Test func linksIntoTheHubCachesBlobsAreFollowed() throws {
    let folder = try TemporaryFolder()
    try folder.write("models--o--m/blobs/abc", Self.safetensors)
    try folder.link("models--o--m/snapshots/rev/model.safetensors", to: "../../blobs/abc")
    let checkpoint = try CheckpointLoader.load(folder.file("models--o--m/snapshots/rev"))
    #expect(checkpoint.name == "m")
    #expect(checkpoint.tensors.map(\.name) == ["x"])
  }

  @Test(arguments: ["../../outside", "/etc/hostname"])
  func linksThatLeaveTheRootsAreRefused(target: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("outside", Self.safetensors)
    try folder.link("a/model/model.safetensors", to: target)
    let error = try #require(throws: LoaderError.self) { try CheckpointLoader.load(folder.file("a/model")) }
    #expect(error.code == .invalidCheckpoint)
    #expect(error.message.contains("outside the roots") && error.message.contains("--root"))
  }

  @Test func aRootAllowsWhatALinkLeadsTo() throws {
    let folder = try TemporaryFolder()
    try folder.write("outside", Self.safetensors)
    try folder.link("a/model/model.safetensors", to: "../../outside")
    var options = LoadOptions()
    try options.roots.add(folder: folder.path)
    #expect(try CheckpointLoader.load(folder.file("a/model"), options: options).tensors.count == 1)
  }

  @Test func whatIsNotThereIsMissing() throws {
    let error = try #require(throws: LoaderError.self) { try CheckpointLoader.load("/nonexistent/x") }
    #expect(error.code == .missingFile)
  }

  @Test func whatIsNoCheckpointSaysWhatWasLookedFor() throws {
    let folder = try TemporaryFolder()
    try folder.write("notes.txt", "hello")
    let error = try #require(throws: LoaderError.self) { try CheckpointLoader.load(folder.path) }
    #expect(error.message.contains("looked for") && error.message.contains("DeepSpeed manifest"))
  }
}
