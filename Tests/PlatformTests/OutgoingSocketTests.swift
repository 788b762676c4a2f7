import Dispatch
import Platform
import Testing

@Suite(.timeLimit(.minutes(1))) struct OutgoingSocketTests {
  private func connected() throws -> (OutgoingSocket, Socket, CancelSignal) {
    let listener = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
    let cancel = try CancelSignal()
    let client = try OutgoingSocket(
      host: "127.0.0.1", port: try #require(listener.address.port), within: .seconds(5), cancel: cancel)
    #expect(try listener.socket.wait(toSend: false, timeout: .seconds(5)))
    let (server, _) = try #require(try listener.accept())
    try server.setBlocking(true)
    return (client, server, cancel)
  }

  @Test func bytesGoBothWays() throws {
    let (client, server, cancel) = try connected()
    try client.send([1, 2, 3], within: .seconds(5), cancel: cancel)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(try server.receive(into: &bytes) == 3)
    #expect(client.isQuiet)
    try server.sendAll([4, 5, 6, 7])
    let buffer = ByteBuffer(capacity: 8)
    #expect(try client.receive(into: buffer, most: 1, within: .seconds(5), cancel: cancel) == 1)
    #expect(!client.isQuiet)
    let region = try MemoryRegion.allocating(8)
    #expect(try client.receive(into: region, range: 2..<4, within: .seconds(5), cancel: cancel) == 2)
    #expect(buffer.copyBytes() + region.copyBytes(in: 2..<4) == [4, 5, 6])
    server.shutdown(.both)
    #expect(try client.receive(into: buffer, most: 8, within: .seconds(5), cancel: cancel) == 1)
    #expect(try client.receive(into: buffer, most: 8, within: .seconds(5), cancel: cancel) == 0)
    #expect(!client.isQuiet)
  }

  @Test func aWaitEndsAtItsLimit() throws {
    let (client, server, cancel) = try connected()
    defer { server.shutdown(.both) }
    let buffer = ByteBuffer(capacity: 8)
    #expect(throws: OutgoingSocket.Failure.timedOut) {
      try client.receive(into: buffer, most: 8, within: .milliseconds(1), cancel: cancel)
    }
  }

  @Test func aWaitEndsWithTheSignalAndSoDoesEveryCallAfterIt() throws {
    let (client, server, cancel) = try connected()
    defer { server.shutdown(.both) }
    DispatchQueue.global().async { cancel.cancel() }
    let buffer = ByteBuffer(capacity: 8)
    #expect(throws: OutgoingSocket.Failure.cancelled) {
      try client.receive(into: buffer, most: 8, within: .seconds(50), cancel: cancel)
    }
    #expect(throws: OutgoingSocket.Failure.cancelled) { try client.send([1], within: .seconds(50), cancel: cancel) }
    #expect(cancel.wait(for: .seconds(50)))
    cancel.cancel()
    #expect(cancel.isCancelled)
  }

  @Test func aSleepWithoutTheSignalEndsByItself() throws {
    #expect(try !CancelSignal().wait(for: .milliseconds(1)))
    #expect(try !CancelSignal().wait(for: .zero))
    #expect(try !CancelSignal().wait(for: .seconds(-1)))
  }

  @Test func whatIsNotThereFails() throws {
    let cancel = try CancelSignal()
    for make: () throws -> OutgoingSocket in [
      { try OutgoingSocket(host: "127.0.0.1", port: 1, within: .seconds(5), cancel: cancel) },
      { try OutgoingSocket(unixPath: "/nonexistent/socket", within: .seconds(5), cancel: cancel) },
      { try OutgoingSocket(unixPath: String(repeating: "x", count: 200), within: .seconds(5), cancel: cancel) },
      { try OutgoingSocket(host: "no-such-host.invalid", port: 1, within: .seconds(5), cancel: cancel) },
    ] {
      #expect(throws: OutgoingSocket.Failure.self) { try make() }
    }
  }
}
