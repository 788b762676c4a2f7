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
      #expect(server.requests.first?.fields[.wantReprDigest] == "sha-256=10")
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
