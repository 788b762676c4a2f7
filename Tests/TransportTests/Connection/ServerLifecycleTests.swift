import Glibc
import Platform
import Testing

@testable import Transport

@Suite struct ServerLifecycleTests {
  @Test func drainingClosesIdleConnectionsAndFinishesRequests() async throws {
    let kept = Recorder<@Sendable (Response) -> Void>()
    let test = try TestServer { request, respond in
      if request.head.target.path == "/slow" { kept.append(respond) } else { respond(Response()) }
    }
    let idle = try test.connect()
    #expect(try idle.get("/").status == 200)
    let busy = try test.connect()
    try busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(await waitUntil { !kept.all.isEmpty })
    async let isDone = test.stop(within: .seconds(10))
    // Receiving holds a thread that the drain may need in order to begin; so it is waited for.
    #expect(await waitUntil { (try? test.connect()) == nil })
    #expect(try idle.receiveAll() == [])
    let respond = try #require(kept.all.first)
    respond(Response(body: .bytes([1])))
    let answer = try busy.receive()
    #expect(answer["connection"] == "close")
    #expect(answer.body == [1])
    #expect(try busy.receiveAll() == [])
    busy.socket.shutdown(.both)
    #expect(await isDone)
    #expect(test.server.statistics().connectionsOpen == 0)
  }

  @Test func whatIsNotDoneInTimeIsCut() async throws {
    let kept = Recorder<(Request, @Sendable (Response) -> Void)>()
    let test = try TestServer { request, respond in kept.append((request, respond)) }
    let client = try test.connect()
    try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(await waitUntil { !kept.all.isEmpty })
    #expect(await test.stop(within: .milliseconds(10)) == false)
    #expect(try client.receiveAll() == nil)
    #expect(await waitUntil { test.server.statistics().connectionsOpen == 0 })
    #expect(kept.all.first?.0.cancellation.isCancelled == true)
  }

  @Test func aLostClientCancelsItsRequest() async throws {
    let kept = Recorder<(Request, @Sendable (Response) -> Void)>()
    let test = try TestServer { request, respond in kept.append((request, respond)) }
    var client: TestClient? = try test.connect()
    try client?.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(await waitUntil { !kept.all.isEmpty })
    let request = try #require(kept.all.first?.0)
    #expect(!request.cancellation.isCancelled)
    client?.socket.resetWhenClosed()
    client = nil
    #expect(await waitUntil { request.cancellation.isCancelled })
    await test.stop()
  }

  @Test func allAddressesAreBoundOrNone() async throws {
    let path = "/tmp/weight-server-\(UInt64.random(in: 0 ..< .max)).sock"
    let server = HTTPServer(handler: ClosureHandler { _, respond in respond(Response()) })
    let error = #expect(throws: ListenError.self) {
      try server.start([.unix(path: path), .tcp(host: "192.0.2.1", port: 0)])
    }
    #expect(error?.description.hasPrefix("cannot listen on 192.0.2.1:0: ") == true)
    #expect(throws: SystemError.self) { try FileStatus.of(path: path) }
    let bound = try server.start([.tcp(host: "127.0.0.1", port: 0), .unix(path: path)])
    #expect(bound.map(\.description) == ["http://127.0.0.1:\(bound[0].port ?? 0)", "unix:\(path)"])
    await server.drain(within: .zero)
  }

  @Test func withoutDescriptorsTheServerGoesOnLater() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 96, rlim_max: 96)
      _ = unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
      let test = try TestServer { _ in Response() }
      var clients: [TestClient] = []
      // Each client waits for its answer, so that the server keeps up and this process never runs out itself.
      while clients.count < 100 {
        let client = try test.connect()
        clients.append(client)
        if (try? client.get("/"))?.status != 200 { break }
      }
      #expect(test.server.statistics().acceptPauses > 0)
      #expect(try clients[0].get("/").status == 200)
      clients.removeAll()
      let isServedAgain = await waitUntil {
        (try? test.fetch("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))?.status == 200
      }
      #expect(isServedAgain)
      await test.stop()
    }
  }
}
