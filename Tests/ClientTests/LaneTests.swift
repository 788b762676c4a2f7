import HTTPTypes
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

/// Several connections, and several servers.
@Suite(.timeLimit(.minutes(1))) struct LaneTests {
  let request = PartitionRequest(rank: 0, mp: 1)
  let content = StubContent(bytes: Safetensors.random(300_000, seed: 21))

  static let lanes: ClientConfiguration = {
    var configuration = FetchTests.quick
    configuration.connections = 4
    configuration.pieceBytes = 10_000
    configuration.hedgeDelay = nil
    return configuration
  }()

  private func bytes(_ memory: borrowing PartitionMemory) -> [UInt8] {
    memory.withBytes { span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
  }

  @Test(arguments: [1, 9_999, 10_000, 300_000])
  func piecesOfSeveralConnectionsAreTheWhole(size: Int) async throws {
    let content = StubContent(bytes: Safetensors.random(size, seed: 3))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { server, url in
      var configuration = LaneTests.lanes
      configuration.verification = .digest
      let client = try WeightClient(url, configuration: configuration)
      var memory = PartitionMemory()
      let result = try await client.fetch(request, into: &memory)
      #expect(bytes(memory) == content.bytes)
      #expect(result.sha256 == SHA256.digest(of: content.bytes))
      let file = try await client.fetch(request, toFile: folder.file("w"))
      #expect(try folder.contents("w") == content.bytes)
      #expect(file.sha256 == result.sha256)
      let pieces = (content.bytes.count + 9_999) / 10_000
      #expect(server.requests.count == 2 * pieces)
      #expect(server.connectionCount <= 4)
    }
    #expect(try folder.names() == ["w"])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func answersThatAreCutAreGoneOnWith(seed: UInt64) async throws {
    let cuts = Mutex(SplitMix64(seed: seed))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in
      var reply = content.reply(to: request)
      cuts.withLock { cuts in
        if Int.random(in: 0..<4, using: &cuts) == 0 { reply.cutAfter = Int.random(in: 0..<10_000, using: &cuts) }
      }
      return reply
    }) { _, url in
      var configuration = LaneTests.lanes
      configuration.retry.attempts = 50
      let result = try await WeightClient(url, configuration: configuration).fetch(request, toFile: folder.file("w"))
      #expect(result.byteCount == content.bytes.count)
    }
    #expect(try folder.contents("w") == content.bytes, "seed \(seed)")
    #expect(try folder.names() == ["w"])
  }

  @Test func aContentThatChangesMeanwhileIsNeverMixed() async throws {
    let other = StubContent(bytes: Safetensors.random(300_000, seed: 22), tag: "\"v2\"")
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in (number <= 9 ? content : other).reply(to: request) }) { _, url in
      let result = try await WeightClient(url, configuration: LaneTests.lanes).fetch(
        request, toFile: folder.file("w"))
      #expect(result.entityTag == "\"v2\"")
    }
    #expect(try folder.contents("w") == other.bytes)
  }

  @Test func aServerWithoutRangesIsReadWhole() async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ _, _ in
      StubServer.Reply(fields: [("ETag", "\"v1\"")], body: content.bytes)
    }) { server, url in
      try await WeightClient(url, configuration: LaneTests.lanes).fetch(request, toFile: folder.file("w"))
      #expect(server.requests.count == 1)
    }
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test func rangesWithoutAStrongTagAreNotPutTogether() async throws {
    var weak = content
    weak.tag = "W/\"v1\""
    let served = weak
    try await StubServer.with({ request, _ in served.reply(to: request) }) { server, url in
      var memory = PartitionMemory()
      try await WeightClient(url, configuration: LaneTests.lanes).fetch(request, into: &memory)
      #expect(bytes(memory) == content.bytes)
      #expect(server.requests.count == 2)
    }
  }

  // MARK: Several servers

  @Test(arguments: ["refuses", "is not there", "is loading"])
  func anotherServerStandsIn(what: String) async throws {
    try await StubServer.with({ _, _ in
      what == "refuses"
        ? StubServer.Reply(status: 404, body: Array(#"{"code":"not_found","message":"no such model"}"#.utf8))
        : StubServer.Reply(status: 503)
    }) { first, firstURL in
      try await StubServer.with({ request, _ in content.reply(to: request) }) { second, secondURL in
        var configuration = FetchTests.quick
        configuration.retry = .never
        let client = try WeightClient(
          servers: [what == "is not there" ? "http://127.0.0.1:1" : firstURL, secondURL], configuration: configuration)
        let dict = try await client.open(request)
        #expect(dict.byteCount == content.bytes.count)
        #expect(first.requests.count == (what == "is not there" ? 0 : 1))
        #expect(second.requests.count == 1)
      }
    }
  }

  @Test func aTransferThatBreaksGoesOnAtAnotherServerWithTheSameTag() async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      reply.cutAfter = number == 1 ? 120_000 : 0
      return reply
    }) { _, firstURL in
      try await StubServer.with({ request, _ in content.reply(to: request) }) { second, secondURL in
        let client = try WeightClient(servers: [firstURL, secondURL], configuration: FetchTests.quick)
        try await client.fetch(request, toFile: folder.file("w"))
        #expect(second.requests.first?.fields[.range]?.hasPrefix("bytes=120000-") == true)
        #expect(second.requests.first?.fields[.ifRange] == content.tag)
      }
    }
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test func aServerWithOtherContentGivesNoByte() async throws {
    let other = StubContent(bytes: Safetensors.random(300_000, seed: 23), tag: "\"v2\"")
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, firstURL in
      try await StubServer.with({ request, _ in other.reply(to: request) }) { _, secondURL in
        let client = try WeightClient(servers: [firstURL, secondURL], configuration: LaneTests.lanes)
        let result = try await client.fetch(request, toFile: folder.file("w"))
        #expect(result.entityTag == content.tag)
      }
    }
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test(arguments: [1, 4])
  func whatStandsStillIsFetchedFromAnotherServer(connections: Int) async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number <= connections { reply.stallAfter = 2_000 }
      return reply
    }) { _, firstURL in
      try await StubServer.with({ request, _ in content.reply(to: request) }) { second, secondURL in
        var configuration = LaneTests.lanes
        configuration.connections = connections
        configuration.pieceBytes = 100_000
        configuration.hedgeDelay = .milliseconds(20)
        let client = try WeightClient(servers: [firstURL, secondURL], configuration: configuration)
        let result = try await client.fetch(request, toFile: folder.file("w"))
        #expect(result.attempts == 1)
        #expect(second.requests.allSatisfy { $0.fields[.ifRange] == content.tag })
        #expect(!second.requests.isEmpty)
      }
    }
    #expect(try folder.contents("w") == content.bytes)
    #expect(try folder.names() == ["w"])
  }

  @Test func aClientNeedsAServer() {
    #expect(throws: WeightClientError.self) { try WeightClient(servers: []) }
  }
}
