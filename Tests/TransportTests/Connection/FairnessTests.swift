import Dispatch
import Platform
import Synchronization
import Testing

@testable import Transport

/// What is short does not wait behind what is long.
@Suite struct FairnessTests {
  /// A client that takes whatever comes, on a thread of its own.
  private final class Download: Sendable {
    let received = Atomic(0)
    let socket: Socket

    init(_ test: TestServer) throws {
      let client = try test.connect()
      try client.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n")
      socket = client.socket
      DispatchQueue(label: "download").async { [self] in
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? socket.receive(into: &bytes), count > 0 {
          received.wrappingAdd(count, ordering: .relaxed)
        }
      }
    }
  }

  /// The loop stands still while long answers become sendable and a short request comes in. Then no more than one long answer's turn
  /// may go before the short one is answered.
  @Test func aShortRequestWaitsForOneTurnAtMost() async throws {
    var limits = ConnectionLimits()
    limits.sendBudget = 64 << 10
    limits.firstBudget = 16 << 10
    let piece = [UInt8](repeating: 1, count: 1 << 20)
    let (entered, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let sentBefore = Mutex<[Int]>([])
    let statistics = Mutex<(@Sendable () -> Int)?>(nil)
    let test = try TestServer(limits: limits, loops: 1) { request, respond in
      switch request.head.target.path {
      case "/hold":
        entered.signal()
        release.wait()
      case "/short":
        let count = statistics.withLock { $0 }?() ?? 0
        sentBefore.withLock { $0.append(count) }
      default:
        let pieces = (0..<4096).map { _ in BodyPiece.bytes(piece) }
        return respond(Response(body: .source(length: 4096 << 20, PieceList(pieces))))
      }
      respond(Response())
    }
    let server = test.server
    statistics.withLock { $0 = { server.statistics().bytesSent } }
    let (holder, short) = (try test.connect(), try test.connect())
    _ = try short.get("/short")
    let downloads = try (0..<8).map { _ in try Download(test) }
    try #require(await waitUntil { downloads.allSatisfy { $0.received.load(ordering: .relaxed) > 1 << 20 } })
    try holder.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
    entered.wait()
    // Now nothing is sent: when the clients have taken everything, all of their sockets have room.
    let before = server.statistics().bytesSent
    try short.send("GET /short HTTP/1.1\r\nHost: h\r\n\r\n")
    let others = try #require(sentBefore.withLock { $0.first })
    _ = await waitUntil { downloads.reduce(others) { $0 + $1.received.load(ordering: .relaxed) } >= before }
    release.signal()
    #expect(try short.receive().status == 200)
    let sent = try #require(sentBefore.withLock { $0.last }) - before
    #expect(sent <= limits.sendBudget + limits.firstBudget, "\(sent) bytes went first")
    for download in downloads { download.socket.shutdown(.both) }
    await test.stop()
  }
}
