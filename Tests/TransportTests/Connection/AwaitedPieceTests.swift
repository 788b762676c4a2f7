import Dispatch
import Synchronization
import Testing

@testable import Transport

/// Bodies that have nothing to say for a while.
@Suite struct AwaitedPieceTests {
  /// Bytes one by one, each of which is waited for.
  private struct Halting: BodySource {
    let count: Int
    let isReadyAtOnce: Bool
    var sent = 0
    var isAwaited = false

    mutating func next() -> BodyPiece? {
      guard sent < count else { return nil }
      if !isAwaited {
        isAwaited = true
        return .awaited { [isReadyAtOnce] ready in
          if isReadyAtOnce { ready() } else { DispatchQueue.global().async { ready() } }
        }
      }
      isAwaited = false
      sent += 1
      return .bytes([UInt8(truncatingIfNeeded: sent)])
    }
  }

  @Test(arguments: [true, false]) func whatIsAwaitedArrivesInOrder(isReadyAtOnce: Bool) async throws {
    let count = 300
    let test = try TestServer { _ in
      Response(body: .source(length: count, Halting(count: count, isReadyAtOnce: isReadyAtOnce)))
    }
    let client = try test.connect()
    let expected = (1...count).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try client.get("/").body == expected)
    #expect(try client.get("/").body == expected, "the connection goes on")
    #expect(await test.stop(within: .seconds(5)))
  }

  /// A body whose first piece never comes.
  private struct Silent: BodySource {
    let waiters: Recorder<@Sendable () -> Void>

    mutating func next() -> BodyPiece? { .awaited { [waiters] in waiters.append($0) } }
  }

  @Test func aCallThatComesAfterTheConnectionIsGoneChangesNothing() async throws {
    let waiters = Recorder<@Sendable () -> Void>()
    let test = try TestServer { _ in Response(body: .source(length: 10, Silent(waiters: waiters))) }
    let client = try test.connect()
    try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    while waiters.all.isEmpty { await Task.yield() }
    await test.stop()
    for waiter in waiters.all {
      waiter()
      waiter()
    }
    #expect(await test.stop(within: .seconds(5)))
  }
}
