import Loader
import Platform
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct CatalogTests {
  @Test func aCheckpointThatFailsShowsWhyAndOthersAreServed() async throws {
    let folder = try TemporaryFolder()
    try folder.write("broken.json", "{\"type\": \"Megatron\",\n \"checkpoints\": }")
    let sample = Sample([.init(path: folder.file("broken.json")), .init(path: Sample.manifest)])
    let list = try #require(try await sample.get("/manifests").json().asArray)
    #expect(list.compactMap { $0["state"]?.asText } == ["failed", "ready"])
    #expect(list[0]["error"]?["message"]?.asText?.contains("line 2, column 17") == true)
    #expect(sample.catalog.readiness(for: .everything) == .ready)
    #expect(try await sample.get("/shard?rank=0&mp=1&model=gpt2-tiny").status == 200)
    let failed = try await sample.get("/shard?rank=0&mp=1&model=broken")
    #expect(failed.status == 500)
  }

  @Test func readinessWaitsForWhatIsRequired() {
    let missing = Configuration.Source(path: "/nonexistent", isRequired: true)
    let sample = Sample([.init(path: Sample.manifest), missing])
    guard case .notReady(let reason) = sample.catalog.readiness(for: .everything) else {
      Issue.record("a required checkpoint failed, and the daemon is ready")
      return
    }
    #expect(reason.contains("nonexistent"))
  }

  @Test func aDaemonWithoutACheckpointIsNotReady() {
    #expect(Sample([]).catalog.readiness(for: .everything) != .ready)
  }

  @Test func aNameThatIsTakenGetsANumberAndANote() async throws {
    let sample = Sample(Array(repeating: .init(path: Sample.manifest), count: 3))
    #expect(sample.catalog.all.map(\.name) == ["gpt2-tiny", "gpt2-tiny-2", "gpt2-tiny-3"])
    #expect(sample.catalog.all[1].note?.contains("gpt2-tiny") == true)
  }

  @Test func aFileThatIsReplacedMakesItStaleAndOneThatIsWrittenIsNotServed() async throws {
    let folder = try TemporaryFolder()
    let source = Path.folder(of: Sample.manifest)
    for name in try Folder.names(in: source) {
      let file = try Roots().adding(folder: source).open(Path.join(source, name))
      try folder.write(name, try file.bytes(at: 0, count: Int(file.size)))
    }
    let sample = Sample([.init(path: folder.file("manifest.json"))])
    let before = try await sample.get("/shard?rank=0&mp=1")
    #expect(before.status == 200)
    let victim = try #require(try Folder.names(in: folder.path).first { $0.hasSuffix(".pt") })
    // Written to another name, then renamed: the open file is as it was.
    let bytes = try Roots().adding(folder: folder.path).open(folder.file(victim)).bytes(at: 0, count: 64)
    try folder.replace(victim, bytes)
    let stale = try await sample.get("/shard?rank=0&mp=1")
    #expect(stale.body == before.body)
    #expect(try await sample.get("/manifests").json().asArray?.first?["state"]?.asText == "stale")
    let other = try #require(try Folder.names(in: folder.path).last { $0.hasSuffix(".pt") })
    try folder.overwrite(other, bytes)
    let lost = try await sample.get("/shard?rank=0&mp=1")
    #expect(lost.status == 500)
    #expect(try lost.json()["code"]?.asText == "data_loss")
  }
}
