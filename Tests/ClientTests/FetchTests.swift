import HTTPTypes
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

@Suite struct FetchTests {
  static let quick: ClientConfiguration = {
    var configuration = ClientConfiguration()
    configuration.retry = RetryPolicy(attempts: 4, firstDelay: .milliseconds(1), longestDelay: .milliseconds(2))
    configuration.connectTimeout = .seconds(5)
    configuration.responseTimeout = .seconds(20)
    configuration.progressTimeout = .seconds(20)
    return configuration
  }()

  let request = PartitionRequest(rank: 0, mp: 1)

  func client(_ url: String, _ change: (inout ClientConfiguration) -> Void = { _ in }) throws -> WeightClient {
    var configuration = Self.quick
    change(&configuration)
    return try WeightClient(url, configuration: configuration)
  }

  @Test(arguments: [0, 1, 1000, 300_000, 5_000_000])
  func aFileHoldsThePartitionAndNothingElseIsLeft(size: Int) async throws {
    let content = StubContent(bytes: Safetensors.random(size, seed: UInt64(size)))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      let result = try await client(url).fetch(request, toFile: folder.file("w"))
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
          let client = try WeightClient(url, configuration: Self.quick)
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
          let client = try WeightClient(url, configuration: Self.quick)
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
        var configuration = Self.quick
        configuration.retry = .never
        try await WeightClient(url, configuration: configuration).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code == .unavailable)
      #expect(try folder.names() == [".w.partial", ".w.partial.json"])
      let result = try await client(url).fetch(request, toFile: folder.file("w"))
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
      try await client(url).fetch(request, toFile: folder.file("w"))
      #expect(server.requests.first?.fields[.range] == nil)
    }
    #expect(try folder.contents("w") == content.bytes)
    #expect(try folder.names() == ["w"])
  }

  @Test(arguments: ["short", "long", "not safetensors", "hole"])
  func aBodyThatIsNoSafetensorsIsRefusedAndNothingStays(what: String) async throws {
    var bytes = Safetensors.random(1000, seed: 7)
    switch what {
    case "short": bytes.removeLast()
    case "long": bytes.append(0)
    case "not safetensors": bytes = Array("<html>It works!</html>".utf8)
    default:
      bytes = Safetensors.file(
        header: #"{"w":{"dtype":"U8","shape":[9],"data_offsets":[1,10]}}"#, data: [UInt8](repeating: 0, count: 10))
    }
    let content = StubContent(bytes: bytes)
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: Self.quick).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code == .dataLoss)
      #expect(error?.origin == .content)
      #expect(server.requests.count == 1)
    }
    #expect(try folder.names() == [])
  }

  @Test(arguments: [true, false])
  func theDigestIsChecked(isRight: Bool) async throws {
    let content = StubContent(bytes: Safetensors.random(100_000, seed: 8))
    let field =
      "sha-256=:" + base64(isRight ? SHA256.digest(of: content.bytes) : [UInt8](repeating: 1, count: 32)) + ":"
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      reply.fields.append(("Repr-Digest", field))
      if number == 1 { reply.cutAfter = 50_000 }
      return reply
    }) { _, url in
      let error = await clientError { () async throws(WeightClientError) in
        let result = try await WeightClient(url, configuration: Self.quick).fetch(request, toFile: folder.file("w"))
        #expect(result.isDigestConfirmed)
        #expect(result.sha256 == SHA256.digest(of: content.bytes))
      }
      #expect((error == nil) == isRight)
      #expect(error == nil || error?.code == .dataLoss)
    }
    #expect(try folder.names() == (isRight ? ["w"] : []))
  }

  @Test func aDigestIsMadeAndAskedForWhereWanted() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 9))
    try await StubServer.with({ request, _ in content.reply(to: request) }) { server, url in
      var memory = PartitionMemory()
      let client = try client(url) { $0.verification = .digest }
      let result = try await client.fetch(request, into: &memory)
      #expect(result.sha256 == SHA256.digest(of: content.bytes))
      #expect(!result.isDigestConfirmed)
      #expect(server.requests.first?.fields[HTTPField.Name("Want-Repr-Digest")!] == "sha-256=10")
    }
  }

  @Test func retryAfterIsWaitedForAndTheCodeKept() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 10))
    let refusal = StubServer.Reply(
      status: 503, fields: [("Retry-After", "0"), ("X-Request-Id", "q7")],
      body: Array(#"{"code":"unavailable","message":"still loading","details":[]}"#.utf8))
    try await StubServer.with({ request, number in number < 3 ? refusal : content.reply(to: request) }) { server, url in
      let dict = try await client(url).open(request)
      #expect(dict.byteCount == content.bytes.count)
      #expect(server.requests.count == 3)
      #expect(server.connectionCount == 1)
    }
    try await StubServer.with({ _, _ in refusal }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        _ = try await WeightClient(url, configuration: Self.quick).open(request)
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message == "still loading")
      #expect(error?.requestID == "q7")
      #expect(error?.isRetryable == true)
      #expect(server.requests.count == 4)
    }
  }

  @Test(arguments: ["invalid_argument", "not_found", "failed_precondition", "data_loss", "permission_denied"])
  func aRefusalForGoodIsNotTriedAgain(code: String) async throws {
    let body = Array(#"{"code":"\#(code)","message":"no"}"#.utf8)
    let folder = try TemporaryFolder()
    try await StubServer.with({ _, _ in StubServer.Reply(status: 400, body: body) }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: Self.quick).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code.rawValue == code)
      #expect(error?.isRetryable == false)
      #expect(server.requests.count == 1)
    }
    #expect(try folder.names() == [])
  }

  @Test(arguments: [
    "", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  ])
  func anAnswerThatIsNoHTTPIsAnError(raw: String) async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ _, _ in StubServer.Reply(raw: Array(raw.utf8)) }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: Self.quick).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.origin == (raw.isEmpty ? .connection : .content))
      #expect(server.requests.count == (raw.isEmpty ? 4 : 1))
    }
    #expect(try folder.names() == [])
  }

  @Test func aStalledBodyTimesOutAndIsGoneOnWith() async throws {
    let content = StubContent(bytes: Safetensors.random(100_000, seed: 11))
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number == 1 { reply.stallAfter = 30_000 }
      return reply
    }) { server, url in
      let client = try client(url) { $0.progressTimeout = .milliseconds(50) }
      try await client.fetch(request, toFile: folder.file("w"))
      #expect(server.requests.last?.fields[.range] == "bytes=30000-")
    }
    #expect(try folder.contents("w") == content.bytes)
  }

  @Test func aServerThatIsNotThereIsUnavailable() async throws {
    let folder = try TemporaryFolder()
    for url in ["http://127.0.0.1:1", "unix:" + folder.file("none"), "http://no-such-host.invalid"] {
      let error = await clientError { () async throws(WeightClientError) in
        var configuration = Self.quick
        configuration.retry = .never
        _ = try await WeightClient(url, configuration: configuration).manifests()
      }
      #expect(error?.code == .unavailable, "\(url)")
      #expect(error?.origin == .connection)
    }
  }

  @Test func aUnixSocketServesToo() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 12))
    let folder = try TemporaryFolder()
    try await StubServer.with(unixPath: folder.file("s"), { request, _ in content.reply(to: request) }) { _, url in
      let dict = try await client(url).open(request, file: folder.file("w"))
      #expect(dict["w"]?.count == 1000)
    }
  }

  @Test func memoryIsUsedAgainAndGrows() async throws {
    let sizes = [1000, 100, 5000]
    try await StubServer.with({ request, number in
      StubContent(bytes: Safetensors.random(sizes[(number - 1) % 3], seed: UInt64(number))).reply(to: request)
    }) { _, url in
      let client = try client(url)
      var memory = try PartitionMemory(capacity: 2000)
      for (number, size) in sizes.enumerated() {
        try await client.fetch(request, into: &memory)
        let expected = Safetensors.random(size, seed: UInt64(number + 1))
        let stored = memory.withBytes { span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
        #expect(stored == expected)
        #expect(memory.capacity == max(2000, expected.count))
      }
      let dict = try memory.stateDict()
      #expect(dict["w"]?.count == 5000)
    }
  }

  @Test func theCallersMemoryIsFilledOrRefused() async throws {
    let content = StubContent(bytes: Safetensors.random(1000, seed: 13))
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      let client = try client(url)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: content.bytes.count, alignment: 64)
      defer { unsafe buffer.deallocate() }
      try await client.fetch(request, into: unsafe CallerMemory(borrowing: buffer))
      #expect(unsafe [UInt8](buffer) == content.bytes)
      let small = UnsafeMutableRawBufferPointer.allocate(byteCount: content.bytes.count - 1, alignment: 64)
      defer { unsafe small.deallocate() }
      let memory = unsafe try CallerMemory(borrowing: small)
      let error = await clientError { () async throws(WeightClientError) in
        try await client.fetch(request, into: memory)
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test func progressReachesTheEndAndNeverGoesBack() async throws {
    let content = StubContent(bytes: Safetensors.random(2_000_000, seed: 14))
    let told = Mutex<[TransferProgress]>([])
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number == 1 { reply.cutAfter = 1_000_000 }
      return reply
    }) { _, url in
      var memory = PartitionMemory()
      try await client(url).fetch(request, into: &memory) { progress in told.withLock { $0.append(progress) } }
    }
    let progress = told.withLock { $0 }
    #expect(progress.last?.stored == content.bytes.count)
    #expect(progress.allSatisfy { $0.total == content.bytes.count })
    #expect(zip(progress, progress.dropFirst()).allSatisfy { $0.stored <= $1.stored })
    #expect(progress.last?.attempt == 2)
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
        try await WeightClient(url, configuration: Self.quick).fetch(request, toFile: folder.file("w"))
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

  private func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      for index in 0..<4 { text.append(index <= part.count ? digits[bits >> (18 - 6 * index) & 63] : "=") }
    }
    return text
  }
}
