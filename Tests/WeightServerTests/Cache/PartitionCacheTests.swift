import HTTPTypes
import Loader
import Platform
import Synchronization
import TestSupport
import Testing
import Transport

@testable import WeightServer

/// The cache over a real folder, with no socket.
@Suite struct PartitionCacheTests {
  private func configuration(_ folder: TemporaryFolder, bytes: Int = 1 << 30) -> Configuration.Cache {
    var configuration = Configuration.Cache()
    configuration.mode = .always
    configuration.folder = folder.file("cache")
    configuration.bytes = bytes
    return configuration
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] { try Folder.names(in: folder.file("cache")) }

  /// Asks until the entry is in a state, and returns the body of the last answer.
  private func settle(_ sample: Sample, _ target: String, as state: String = "stored") async throws -> [UInt8] {
    while true {
      let body = try await sample.get(target).body
      let entries = try await sample.get("/manifests").json().asArray?.first?["cached_partitions"]?.asArray ?? []
      if entries.contains(where: { $0["state"]?.asText == state }) { return body }
    }
  }

  private func count(_ sample: Sample, _ name: String) async throws -> Int? {
    try await sample.get("/stats").json()["cache"]?[name]?.asInteger
  }

  @Test func aPartitionIsTheSameByAllWays() async throws {
    let folder = try TemporaryFolder()
    let expected = try await Sample().get("/shard?rank=1&mp=4")
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let first = try await sample.get("/shard?rank=1&mp=4")
    #expect(first.body == expected.body)
    #expect(first.fields[.eTag] == expected.fields[.eTag])
    #expect(try await settle(sample, "/shard?rank=1&mp=4") == expected.body)
    let cached = try await sample.get("/shard?rank=1&mp=4")
    #expect(cached.body == expected.body)
    #expect(cached.fields[.reprDigest] == ReprDigestField.value(SHA256.digest(of: expected.body)))
    #expect(try await count(sample, "executions") == 1)
    #expect(try names(folder).count == 1)
  }

  @Test func aRangeIsOfTheSameBytesAndMakesNothing() async throws {
    let folder = try TemporaryFolder()
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let loaded = try #require(sample.catalog.all.first?.loaded)
    let body = PartitionBody(try loaded.plan(PartitionParameters(rank: 0, mp: 2)), sources: loaded.sources)
    let range = 1000..<5000
    func bytes() throws -> [UInt8] {
      let source = sample.cache.source(of: body, model: "gpt2-tiny", range: range).source
      return try Answer(Response(body: .source(length: range.count, source))).body
    }
    let ranged = try bytes()
    #expect(sample.cache.state.withLock { $0.index.entries.isEmpty })
    let whole = try await settle(sample, "/shard?rank=0&mp=2")
    #expect(ranged == Array(whole[range]))
    #expect(try bytes() == ranged)
    #expect(try await count(sample, "executions") == 1)
  }

  @Test func anotherRunServesWhatItHasVerified() async throws {
    let folder = try TemporaryFolder()
    let first = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let expected = try await settle(first, "/shard?rank=0&mp=2")
    let second = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    second.cache.start()
    #expect(try await settle(second, "/shard?rank=0&mp=2") == expected)
    #expect(try await second.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await count(second, "executions") == 0)
    #expect(try await count(second, "hits") != 0)
  }

  @Test(arguments: [0.0, 0.5, 1.0]) func whatWasDamagedIsNeverServed(place: Double) async throws {
    let folder = try TemporaryFolder()
    let first = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let expected = try await settle(first, "/shard?rank=0&mp=2")
    let name = "cache/" + (try #require(try names(folder).first))
    let file = try Roots().adding(folder: folder.path).open(folder.file(name))
    var bytes = try file.bytes(at: 0, count: Int(file.size))
    bytes[min(Int(Double(bytes.count) * place), bytes.count - 1)] ^= 1
    try folder.overwrite(name, bytes)
    let second = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    second.cache.start()
    #expect(try await settle(second, "/shard?rank=0&mp=2") == expected)
    #expect(try await second.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await count(second, "errors") == 1)
    #expect(try await count(second, "executions") == 1)
  }

  @Test func anEntryThatIsChangedUnderTheDaemonIsNotServed() async throws {
    let folder = try TemporaryFolder()
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let expected = try await settle(sample, "/shard?rank=0&mp=2")
    let name = "cache/" + (try #require(try names(folder).first))
    try folder.replace(name, [UInt8](repeating: 7, count: 100))
    #expect(try await sample.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await settle(sample, "/shard?rank=0&mp=2") == expected)
  }

  @Test func whatWritersThatAreGoneHaveLeftIsRemoved() async throws {
    let folder = try TemporaryFolder()
    let left = "cache/\(String(repeating: "a", count: 32)).writing"
    try folder.write(left, [1, 2, 3])
    try folder.write("cache/notes.txt", "not ours")
    let held = "cache/\(String(repeating: "b", count: 32)).writing"
    let writer = try OutputFile.openLocked(folder.file(held))
    #expect(try CacheFolder(path: folder.file("cache")).sweep() == 1)
    #expect(try names(folder) == ["\(String(repeating: "b", count: 32)).writing", "notes.txt"])
    try writer?.remove()
  }

  @Test func aFolderThatCannotBeWrittenChangesNoAnswer() async throws {
    let folder = try TemporaryFolder()
    try folder.write("cache", "a file")
    let expected = try await Sample().get("/shard?rank=0&mp=2").body
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    #expect(try await sample.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await count(sample, "errors") == 1)
    try folder.remove("cache")
    #expect(try await settle(sample, "/shard?rank=0&mp=2") == expected)
  }

  @Test func aBudgetThatIsTooSmallChangesNoAnswer() async throws {
    let folder = try TemporaryFolder()
    let expected = try await Sample().get("/shard?rank=0&mp=2").body
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder, bytes: 1000))
    #expect(try await sample.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await count(sample, "executions") == 0)
    #expect(try names(folder).isEmpty)
    let why = try await sample.get("/plan?rank=0&mp=2").json()["serving"]?["why"]?.asText
    #expect(why?.contains("do not fit cache.bytes") == true)
  }

  @Test func whatAnotherDaemonIsWritingIsServedWithoutTheCache() async throws {
    let folder = try TemporaryFolder()
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let tag = try #require(try await sample.get("/shard?rank=0&mp=2", method: .head).fields[.eTag])
    try folder.write("cache/unused", "")
    let path = folder.file("cache/\(tag.dropFirst().dropLast()).writing")
    let writer = try OutputFile.openLocked(path)
    let expected = try await Sample().get("/shard?rank=0&mp=2").body
    #expect(try await sample.get("/shard?rank=0&mp=2").body == expected)
    #expect(try await count(sample, "executions") == 0)
    try writer?.remove()
  }

  @Test func aSourceThatChangesFailsThePartitionAndLeavesNothing() async throws {
    let folder = try TemporaryFolder()
    let source = Path.folder(of: Sample.manifest)
    for name in try Folder.names(in: source) {
      let file = try Roots().adding(folder: source).open(Path.join(source, name))
      try folder.write(name, try file.bytes(at: 0, count: Int(file.size)))
    }
    let sample = Sample([.init(path: folder.file("manifest.json"))], cache: configuration(folder))
    let loaded = try #require(sample.catalog.all.first?.loaded)
    let plan = try loaded.plan(PartitionParameters(rank: 0, mp: 1))
    let victim = try #require(try Folder.names(in: folder.path).last { $0.hasSuffix(".pt") })
    try folder.overwrite(victim, [UInt8](repeating: 1, count: 244_540))
    // As if the change came after the request was looked at.
    let body = PartitionBody(plan, sources: loaded.sources)
    let answer = sample.cache.source(of: body, model: "copy", range: 0..<plan.length)
    #expect(throws: LoaderError.self) {
      try Answer(Response(body: .source(length: plan.length, answer.source)))
    }
    #expect(try names(folder).isEmpty)
    #expect(try await count(sample, "errors") == 1)
    #expect(sample.cache.state.withLock { $0.index.entries.isEmpty && $0.jobs.isEmpty })
  }

  @Test func aDigestIsWaitedForWhereItIsWanted() async throws {
    let folder = try TemporaryFolder()
    for cache in [nil, configuration(folder)] {
      let sample = Sample([.init(path: Sample.manifest)], cache: cache)
      let answer = try await sample.get("/shard?rank=3&mp=4", fields: [.wantReprDigest: "sha-256=10"])
      #expect(answer.fields[.reprDigest] == ReprDigestField.value(SHA256.digest(of: answer.body)))
      let without = try await sample.get("/shard?rank=2&mp=4", fields: [.wantReprDigest: "sha-256=0"])
      #expect(without.fields[.reprDigest] == nil)
      let wrong = try await sample.get("/shard?rank=4&mp=4", fields: [.wantReprDigest: "sha-256=10"])
      #expect(wrong.status == 400)
    }
  }

  @Test func degreesAreMadeAheadOneByOne() async throws {
    let folder = try TemporaryFolder()
    let sample = Sample([.init(path: Sample.manifest)], cache: configuration(folder))
    let prefill = Prefill(sample.cache, degrees: [2, 3, 4], logger: sample.cache.logger)
    prefill.loaded(try #require(sample.catalog.all.first?.loaded))
    var entries: [JSONValue] = []
    while entries.count(where: { $0["state"]?.asText == "stored" }) < 6 {
      entries = try await sample.get("/manifests").json().asArray?.first?["cached_partitions"]?.asArray ?? []
    }
    #expect(entries.compactMap { $0["mp"]?.asInteger } == [2, 2, 4, 4, 4, 4])
    #expect(entries.compactMap { $0["rank"]?.asInteger } == [0, 1, 0, 1, 2, 3])
  }
}
