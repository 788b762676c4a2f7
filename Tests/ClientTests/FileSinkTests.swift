import HTTPTypes
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

@Suite struct FileSinkTests {
  let request = PartitionRequest(rank: 0, mp: 1)

  @Test(arguments: [0, 1, 1000, 300_000, 5_000_000])
  func aFileHoldsThePartitionAndNothingElseIsLeft(size: Int) async throws {
    let content = StubContent(bytes: Safetensors.random(size, seed: UInt64(size)))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      let result = try await WeightClient(url, configuration: FetchTests.quick).fetch(request, toFile: folder.file("w"))
      #expect(result.byteCount == content.bytes.count)
      #expect(result.entityTag == content.tag)
      #expect(result.revision == content.revision)
      #expect(result.attempts == 1)
    }
    #expect(try folder.names() == ["w"])
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test(arguments: 1..<13 as Range<UInt64>)
  func cutAnywhereManyTimesTheFileIsWhole(seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    let content = StubContent(bytes: Safetensors.random(Int.random(in: 100..<400_000, using: &generator), seed: seed))
    let cuts = Mutex((0..<40).map { _ in Double.random(in: 0...1.2, using: &generator) })
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in
      var reply = content.reply(to: request)
      if let cut = cuts.withLock({ $0.popLast() }), cut < 1 { reply.cutAfter = Int(cut * Double(reply.body.count)) }
      return reply
    }) { _, url in
      // Each fetch may give up; the next goes on with what it left, as a new process would.
      for _ in 0..<60 {
        let error = await clientError { () async throws(WeightClientError) in
          let client = try WeightClient(url, configuration: FetchTests.quick)
          try await client.fetch(request, toFile: folder.file("w"))
        }
        if error == nil { break }
        #expect(error?.isRetryable == true, "seed \(seed): \(String(describing: error))")
      }
    }
    #expect(try folder.names() == ["w"], "seed \(seed)")
    #expect(try folder.contents("w") == content.bytes, "seed \(seed)")
  }

  @Test(arguments: 1..<9 as Range<UInt64>)
  func contentThatChangesBetweenCutsIsNeverMixed(seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    let versions = (0..<4).map { index in
      StubContent(
        bytes: Safetensors.random(Int.random(in: 100..<200_000, using: &generator), seed: seed * 10 + UInt64(index)),
        tag: "\"v\(index)\"")
    }
    let plan = (0..<12).map { _ in
      (Int.random(in: 0..<4, using: &generator), Double.random(in: 0...1, using: &generator))
    }
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      guard number <= plan.count else { return versions[3].reply(to: request) }
      var reply = versions[plan[number - 1].0].reply(to: request)
      reply.cutAfter = Int(plan[number - 1].1 * Double(reply.body.count))
      return reply
    }) { _, url in
      for _ in 0..<30 {
        let error = await clientError { () async throws(WeightClientError) in
          let client = try WeightClient(url, configuration: FetchTests.quick)
          try await client.fetch(request, toFile: folder.file("w"))
        }
        if error == nil { break }
      }
    }
    #expect(try folder.names() == ["w"], "seed \(seed)")
    let found = try folder.contents("w")
    #expect(versions.contains { $0.bytes == found }, "seed \(seed)")
  }

  @Test func anotherProcessGoesOnWithWhatIsLeft() async throws {
    let content = StubContent(bytes: Safetensors.random(100_000, seed: 5))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number == 1 { reply.cutAfter = 60_000 }
      return reply
    }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        var configuration = FetchTests.quick
        configuration.retry = .never
        try await WeightClient(url, configuration: configuration).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code == .unavailable)
      #expect(try folder.names() == [".w.partial", ".w.partial.json"])
      let result = try await WeightClient(url, configuration: FetchTests.quick).fetch(request, toFile: folder.file("w"))
      #expect(result.resumedFrom == 60_000)
      #expect(server.requests.last?.fields[.range] == "bytes=60000-")
      #expect(server.requests.last?.fields[.ifRange] == content.tag)
    }
    #expect(try folder.names() == ["w"])
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test func aJournalOfAnotherBootIsNotBelieved() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 6))
    let folder = try TemporaryFolder()
    let journal = TransferJournal(
      target: request.target("/shard"), content: TransferContent(tag: try tag("v1"), length: content.bytes.count),
      stored: 500, boot: "another")
    try folder.write([UInt8](repeating: 7, count: 1000), to: ".w.partial")
    try folder.write(try #require(journal.serialized), to: ".w.partial.json")
    try await StubServer.with({ request, _ in content.reply(to: request) }) { server, url in
      try await WeightClient(url, configuration: FetchTests.quick).fetch(request, toFile: folder.file("w"))
      #expect(server.requests.first?.fields[.range] == nil)
    }
    #expect(try folder.contents("w") == content.bytes)
    #expect(try folder.names() == ["w"])
  }

  @Test func twoTransfersDoNotWriteOneFile() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 15))
    let folder = try TemporaryFolder()
    guard let held = try OutputFile.openLocked(folder.file(".w.partial")) else {
      Issue.record("a new file is locked")
      return
    }
    try await StubServer.with({ request, _ in content.reply(to: request) }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: FetchTests.quick).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code == .aborted)
      #expect(error?.origin == .local)
      #expect(server.requests.isEmpty)
    }
    let size = try held.size()
    #expect(size == 0)
  }

  @Test(arguments: ["w/", "", ".", "..", "none/w"])
  func aTargetThatCannotBeWrittenIsRefusedAtOnce(name: String) async throws {
    let folder = try TemporaryFolder()
    let error = await clientError { () async throws(WeightClientError) in
      try await WeightClient("http://127.0.0.1:1").fetch(request, toFile: folder.file(name))
    }
    #expect(error?.origin == .request || error?.origin == .local)
  }
}
