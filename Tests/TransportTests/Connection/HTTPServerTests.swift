import HTTPTypes
import Platform
import Testing

@testable import Transport

@Suite struct HTTPServerTests {
  @Test(arguments: [false, true])
  func aRequestIsAnsweredAndTheConnectionKept(overUnixSocket: Bool) async throws {
    let path = "/tmp/weight-server-\(UInt64.random(in: 0 ..< .max)).sock"
    let test = try TestServer(address: overUnixSocket ? .unix(path: path) : .tcp(host: "127.0.0.1", port: 0)) {
      Response(fields: [.contentType: "text/plain"], body: .bytes(Array("\($0.head.target.path) \($0.id)".utf8)))
    }
    let client = try test.connect()
    let first = try client.get("/a")
    let second = try client.get("/b")
    #expect(first.status == 200)
    #expect(first["content-length"] == String(first.body.count))
    #expect(first["date"].flatMap(HTTPDate.parse) != nil)
    #expect(first["connection"] == nil)
    #expect(first.text == "/a c1-1")
    #expect(second.text == "/b c1-2")
    let statistics = test.server.statistics()
    #expect(statistics.connectionsOpen == 1)
    #expect(statistics.requests == 2)
    await test.stop()
    if overUnixSocket { #expect(throws: SystemError.self) { try FileStatus.of(path: path) } }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    let test = try TestServer { Response(body: .bytes(Array($0.head.target.path.utf8))) }
    let client = try test.connect()
    let requests = (0..<500).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
    try client.send(requests)
    for index in 0..<500 { #expect(try client.receive().text == "/\(index)") }
    await test.stop()
  }

  @Test func aHalfClosedConnectionGetsAllItsAnswers() async throws {
    let test = try TestServer { Response(body: .bytes(Array($0.head.target.path.utf8))) }
    let client = try test.connect()
    try client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    client.socket.shutdown(.sending)
    #expect(try client.receive().text == "/1")
    #expect(try client.receive().text == "/2")
    #expect(try client.receiveAll() == [])
    await test.stop()
  }

  @Test func bodiesArriveWholeHoweverTheyAreFramed() async throws {
    let test = try TestServer { Response(body: .bytes($0.body)) }
    let client = try test.connect()
    try client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
    #expect(try client.receive().text == "hello")
    let chunked =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n there\r\n0\r\n\r\n"
    for byte in chunked.utf8 { try client.socket.sendAll([byte]) }
    #expect(try client.receive().text == "hello there")
    let long = [UInt8](repeating: 7, count: 1 << 20)
    try client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: \(long.count)\r\n\r\n")
    try client.socket.sendAll(long)
    #expect(try client.receive().body == long)
    await test.stop()
  }

  @Test func aClientThatWaitsIsToldToContinue() async throws {
    let test = try TestServer { Response(body: .bytes($0.body)) }
    let client = try test.connect()
    try client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.receive().status == 100)
    try client.send("ok")
    #expect(try client.receive().text == "ok")
    await test.stop()
  }

  @Test func aBodyThatIsTooLargeIsRefusedAndTheClientCanReadIt() async throws {
    let test = try TestServer { _ in Response() }
    for framing in ["Content-Length: 3000000", "Transfer-Encoding: chunked"] {
      let client = try test.connect()
      try client.send("POST / HTTP/1.1\r\nHost: h\r\n\(framing)\r\n\r\n")
      let chunk = framing.hasPrefix("T") ? Array("2dc6c0\r\n".utf8) : []
      try? client.socket.sendAll(chunk + [UInt8](repeating: 7, count: 3_000_000))
      let answer = try client.receive()
      #expect(answer.status == 413)
      #expect(answer["connection"] == "close")
      #expect(answer.text.contains("\"resource_exhausted\""))
      #expect(try client.receiveAll() == [])
    }
    #expect(test.refusals.all.map(\.status.code) == [413, 413])
    await test.stop()
  }

  @Test func aSlowClientIsToldThatItIsTooSlow() async throws {
    var limits = ConnectionLimits()
    limits.headTime = .milliseconds(40)
    limits.bodyTime = .milliseconds(40)
    let test = try TestServer(limits: limits) { _ in Response() }
    for text in ["GET / HTTP/1.1\r\nHo", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"] {
      let answer = try test.fetch(text)
      #expect(answer.status == 408)
      #expect(answer.text.contains("\"deadline_exceeded\""))
    }
    await test.stop()
  }

  @Test func anIdleConnectionIsClosed() async throws {
    var limits = ConnectionLimits()
    limits.idle = .milliseconds(40)
    let test = try TestServer(limits: limits) { _ in Response() }
    let client = try test.connect()
    #expect(try client.get("/").status == 200)
    #expect(try client.receiveAll() == [])
    await test.stop()
  }

  @Test func aMalformedRequestIsAnsweredAndTheConnectionClosed() async throws {
    let test = try TestServer { _ in Response() }
    let client = try test.connect()
    try client.send("GET / HTTP/1.1\nHost: h\n\n")
    let answer = try client.receive()
    #expect(answer.status == 400)
    #expect(answer["content-type"] == "application/json")
    #expect(try client.receiveAll() == [])
    let statistics = test.server.statistics()
    #expect(statistics.requestsRefused == 1)
    #expect(statistics.requests == 0)
    await test.stop()
  }

  @Test func headAnswersLikeGetWithoutABody() async throws {
    let test = try TestServer { _ in Response(body: .bytes([1, 2, 3])) }
    let client = try test.connect()
    try client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(try client.receive(to: .head)["content-length"] == "3")
    #expect(try client.receive().body == [1, 2, 3])
    await test.stop()
  }

  @Test func anAnswerMayComeLaterFromAnyThread() async throws {
    let workers = WorkerPool(limit: 1)
    let test = try TestServer { _, respond in
      workers.run {
        respond(Response(status: .accepted))
        respond(Response(status: .badRequest))
      }
    }
    let client = try test.connect()
    for _ in 0..<20 { #expect(try client.get("/").status == 202) }
    await test.stop()
  }

  @Test func aRequestThatIsDroppedIsAnInternalError() async throws {
    let test = try TestServer { _, _ in }
    let answer = try test.fetch("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(answer.status == 500)
    #expect(answer.text.contains("\"internal\""))
    await test.stop()
  }

  @Test func aPassedDeadlineIsAnsweredAndALateAnswerIsGivenUp() async throws {
    let kept = Recorder<@Sendable (Response) -> Void>()
    let deliveries = Recorder<Response.Delivery>()
    let test = try TestServer { request, respond in
      if request.deadline == nil { respond(Response()) } else { kept.append(respond) }
    }
    let client = try test.connect()
    let answer = try client.get("/", fields: "Connect-Timeout-Ms: 20\r\n")
    #expect(answer.status == 504)
    #expect(answer.text.contains("\"deadline_exceeded\""))
    var late = Response()
    late.onDelivery = { deliveries.append($0) }
    let respond = try #require(kept.all.first)
    respond(late)
    #expect(try client.get("/").status == 200)
    #expect(deliveries.all == [Response.Delivery(status: nil, bytesSent: 0, isComplete: false)])
    #expect(try client.get("/", fields: "grpc-timeout: soon\r\n").status == 400)
    await test.stop()
  }

  @Test func tooManyConnectionsAreToldToComeBack() async throws {
    var limits = ConnectionLimits()
    limits.connections = 1
    let test = try TestServer(limits: limits) { _ in Response() }
    let first = try test.connect()
    #expect(try first.get("/").status == 200)
    let second = try test.connect()
    let answer = try second.get("/")
    #expect(answer.status == 429)
    #expect(answer["retry-after"] != nil)
    #expect(answer["connection"] == "close")
    #expect(try second.receiveAll() == [])
    #expect(try first.get("/").status == 200)
    #expect(test.server.statistics().connectionsRefused == 1)
    await test.stop()
  }
}
