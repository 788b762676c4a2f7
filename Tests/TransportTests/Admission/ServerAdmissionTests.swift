import Dispatch
import HTTPTypes
import Platform
import Synchronization
import Testing

@testable import Transport

@Suite struct ServerAdmissionTests {
  private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test(arguments: [false, true])
  func aClientWithTooManyConnectionsIsToldSo(overUnixSocket: Bool) async throws {
    var limits = ConnectionLimits()
    limits.connectionsPerAddress = 2
    let path = "/tmp/weight-server-\(UInt64.random(in: 0 ..< .max)).sock"
    let address = overUnixSocket ? ListenAddress.unix(path: path) : .tcp(host: "127.0.0.1", port: 0)
    let test = try TestServer(limits: limits, address: address) { _ in Response() }
    var clients = try (0..<2).map { _ in try test.connect() }
    for client in clients { #expect(try client.get("/").status == 200) }
    let refused = try test.fetch(Self.get)
    #expect(refused.status == 429)
    #expect(refused["retry-after"] != nil && refused["connection"] == "close")
    #expect(refused.text.contains(overUnixSocket ? "of user " : "of 127.0.0.1 already"))
    let statistics = test.server.statistics()
    #expect(statistics.limitsReached[.connectionsPerAddress] == 1 && statistics.limitsReached[.connections] == 0)
    clients.removeLast()
    #expect(await waitUntil { test.server.statistics().connectionsOpen == 1 })
    #expect(try test.fetch(Self.get).status == 200)
    await test.stop()
  }

  @Test func refusedConnectionsAreAnsweredHoweverManyThereAre() async throws {
    var limits = ConnectionLimits()
    limits.connections = 1
    limits.lingering = .seconds(60)
    let test = try TestServer(limits: limits) { _ in Response() }
    let first = try test.connect()
    #expect(try first.get("/").status == 200)
    // More than are waited for at a time.
    let others = try (0..<300).map { _ in try test.connect() }
    for other in others {
      let answer = try other.receive()
      #expect(answer.status == 429 && answer["connection"] == "close")
    }
    let statistics = test.server.statistics()
    #expect(statistics.connectionsRefused == 300 && statistics.limitsReached[.connections] == 300)
    #expect(try first.get("/").status == 200)
    await test.stop()
  }

  @Test func aConnectionEndsAfterItsShareOfRequests() async throws {
    var limits = ConnectionLimits()
    limits.requestsPerConnection = 3
    let test = try TestServer(limits: limits) { _ in Response(body: .bytes([1])) }
    let client = try test.connect()
    try client.send(String(repeating: Self.get, count: 5))
    #expect(try client.receive()["connection"] == nil)
    #expect(try client.receive()["connection"] == nil)
    #expect(try client.receive()["connection"] == "close")
    #expect(try client.receiveAll() == [])
    #expect(test.server.statistics().requests == 3)
    #expect(test.server.statistics().limitsReached[.requestsPerConnection] == 1)
    await test.stop()
  }

  @Test func eachLimitOfARequestIsCounted() async throws {
    var limits = ConnectionLimits()
    limits.head.targetBytes = 256
    limits.head.fieldBytes = 1024
    limits.head.fieldCount = 8
    limits.bodyBytes = 10
    limits.headTime = .milliseconds(40)
    limits.bodyTime = .milliseconds(40)
    limits.idle = .milliseconds(40)
    let test = try TestServer(limits: limits) { _ in Response() }
    let long = String(repeating: "a", count: 2000)
    for (request, status) in [
      ("GET /\(long) HTTP/1.1\r\n", 414), ("GET / HTTP/1.1\r\nHost: h\r\nX: \(long)\r\n\r\n", 431),
      ("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: y\r\n", count: 9) + "\r\n", 431),
      ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", 413), ("GET / HT", 408),
      ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab", 408),
    ] { #expect(try test.fetch(request).status == status) }
    #expect(try test.connect().receiveAll() == [])
    let counts = test.server.statistics().limitsReached
    for limit in [Limit.targetBytes, .headBytes, .headFields, .bodyBytes, .headTime, .bodyTime, .idleTime] {
      #expect(counts[limit] == 1, "\(limit.rawValue)")
    }
    #expect(counts.values.reduce(0, +) == 7)
    await test.stop()
  }

  @Test func bodiesThatDoNotFitIntoMemoryAreRefusedAndTheOthersServed() async throws {
    // More than a Unix socket holds, whose buffer does not grow: the rest stays with the server while the client takes nothing.
    let size = 16 << 20
    var limits = ConnectionLimits()
    limits.bytesInFlight = size / 2 * 3
    let path = "/tmp/weight-server-\(UInt64.random(in: 0 ..< .max)).sock"
    let test = try TestServer(limits: limits, address: .unix(path: path)) { request in
      if request.head.target.path == "/small" { return Response(body: .bytes([1])) }
      return Response(body: .bytes([UInt8](repeating: 7, count: size)))
    }
    let slow = try test.connect()
    try slow.send(Self.get)
    #expect(await waitUntil { test.server.statistics().bytesInFlight >= size })
    let refused = try test.fetch(Self.get)
    #expect(refused.status == 429 && refused.text.contains("resource_exhausted") && refused["retry-after"] != nil)
    #expect(try test.fetch("GET /small HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
    #expect(try slow.receive().body == [UInt8](repeating: 7, count: size))
    #expect(await waitUntil { test.server.statistics().bytesInFlight == 0 })
    #expect(try test.fetch(Self.get).status == 200)
    #expect(test.server.statistics().limitsReached[.bytesInFlight] == 1)
    await test.stop()
  }

  @Test func windowsThatDoNotFitIntoMemoryAreRefusedBeforeTheyAreMade() async throws {
    let window = 1 << 20
    var limits = ConnectionLimits()
    // Room for the two windows of one answer, and not for those of two.
    limits.bytesInFlight = 3 * window
    let fills = Atomic(0)
    let gate = DispatchSemaphore(value: 0)
    let test = try TestServer(limits: limits) { _ in
      let piece = BodyPiece.filled(count: window) { buffer in
        // The first one waits until it is told to go on.
        if fills.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { gate.wait() }
        buffer.append(7, count: window)
      }
      return Response(body: .source(length: 8 * window, PieceList([BodyPiece](repeating: piece, count: 8))))
    }
    let body = [UInt8](repeating: 7, count: 8 * window)
    let first = try test.connect()
    try first.send(Self.get)
    #expect(await waitUntil { fills.load(ordering: .relaxed) == 1 })
    #expect(await waitUntil { test.server.statistics().bytesInFlight >= 2 * window })
    let refused = try? test.fetch(Self.get)
    #expect(refused?.status == 429)
    #expect(fills.load(ordering: .relaxed) == 1)
    gate.signal()
    let answer = try first.receive()
    #expect(answer.status == 200 && answer.body == body, "what was begun is finished")
    #expect(await waitUntil { test.server.statistics().bytesInFlight == 0 })
    #expect(try test.fetch(Self.get).body == body)
    #expect(test.server.statistics().limitsReached[.bytesInFlight] == 1)
    await test.stop()
  }

  @Test func requestBodiesThatDoNotFitIntoMemoryAreRefused() async throws {
    var limits = ConnectionLimits()
    limits.bytesInFlight = 300_000
    limits.bodyBytes = 1 << 20
    let test = try TestServer(limits: limits) { _ in Response() }
    let head = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
    let first = try test.connect()
    try first.send(head)
    try first.socket.sendAll([UInt8](repeating: 1, count: 250_000))
    #expect(await waitUntil { test.server.statistics().bytesInFlight == 250_000 })
    let second = try test.connect()
    try second.send(head)
    try? second.socket.sendAll([UInt8](repeating: 1, count: 250_000))
    #expect(try second.receive().status == 429)
    // A client hears of it a moment before the budget does.
    #expect(await waitUntil { test.server.statistics().bytesInFlight == 250_000 }, "what was refused is let go")
    #expect(test.server.statistics().limitsReached[.bytesInFlight] == 1)
    await test.stop()
    #expect(await waitUntil { test.server.statistics().bytesInFlight == 0 })
  }

  @Test func aReaderBelowTheRateIsCutAndOneAboveItIsServed() async throws {
    var limits = ConnectionLimits()
    limits.writeProgress = .milliseconds(200)
    limits.writeRate = 100_000
    let test = try TestServer(limits: limits) { _ in
      Response(body: .bytes([UInt8](repeating: 7, count: 64 << 20)))
    }
    // One byte at a time is progress, but not enough.
    let slow = try test.connect(receiveBuffer: 4096)
    try slow.send(Self.get)
    var byte = [UInt8](repeating: 0, count: 1)
    var taken = 0
    while test.server.statistics().limitsReached[.writeTime] == 0, taken < 100_000 {
      if try slow.socket.receive(into: &byte) == 1 { taken += 1 }
      await Task.yield()
    }
    #expect(test.server.statistics().limitsReached[.writeTime] == 1)
    #expect(try slow.receiveAll() == nil, "the connection is reset")
    let fast = try test.connect()
    #expect(try fast.get("/").body.count == 64 << 20)
    await test.stop()
  }
}
