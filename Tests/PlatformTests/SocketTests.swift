import Platform
import Testing

@Suite struct SocketTests {
  @Test(arguments: ["127.0.0.1", "::1", "localhost", "*"])
  func bytesSentOverTCPArrive(host: String) throws {
    guard let listener = try? ListeningSocket.tcp(host: host, port: 0) else {
      try #require(host == "::1", "only IPv6 may be missing")
      return
    }
    let port = try #require(listener.address.port)
    #expect(port != 0)
    let client = try Socket.connect(host: host == "*" ? "127.0.0.1" : host, port: port, timeout: .seconds(5))
    #expect(try listener.socket.wait(toSend: false, timeout: .seconds(5)))
    let (server, peer) = try #require(try listener.accept())
    #expect(try peer.port == client.localAddress().port)
    try expectTransfer(from: client, to: server)
  }

  @Test func aUnixSocketReplacesAnAbandonedFileButNoLiveOne() throws {
    let path = "/tmp/weight-server-socket-\(UInt64.random(in: 0 ..< .max))"
    do {
      _ = try ListeningSocket.unix(path: path)
    }
    let listener = try ListeningSocket.unix(path: path)
    #expect(listener.address.description == "unix:" + path)
    #expect(throws: SystemError.self) { try ListeningSocket.unix(path: path) }
    let client = try Socket.connect(to: listener.address, timeout: .seconds(5))
    while let (probe, _) = try listener.accept() {
      guard try !probe.wait(toSend: false, timeout: .zero) else { continue }
      try expectTransfer(from: client, to: probe)
    }
    listener.removeFile()
    #expect(throws: SystemError.self) { try FileStatus.of(path: path) }
  }

  @Test func aPathThatIsNoSocketIsLeftAlone() throws {
    let error = #expect(throws: SystemError.self) { try ListeningSocket.unix(path: "/dev/null") }
    #expect(error?.call == "bind")
    #expect(try FileStatus.of(path: "/dev/null").kind == .other)
  }

  @Test func anAddressSaysWhatItIs() throws {
    let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 8080).first)
    #expect(address.description == "127.0.0.1:8080")
    #expect(try SocketAddress.resolve(host: "::1", port: 1).first?.description == "[::1]:1")
    #expect(try SocketAddress(unixPath: "/run/a").unixPath == "/run/a")
    #expect(throws: SystemError.self) { try SocketAddress(unixPath: String(repeating: "a", count: 108)) }
    #expect(throws: SystemError.self) { try SocketAddress(unixPath: "") }
  }

  @Test func aCallThatTimesOutAnswersNil() throws {
    let (first, second) = try Socket.pair(isBlocking: true)
    try first.setTimeouts(receive: .milliseconds(1))
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(try first.receive(into: &bytes) == nil)
    try second.sendAll([7])
    #expect(try first.receive(into: &bytes) == 1)
  }

  @Test func theEndOfAStreamIsZeroAndSendingPastItAnError() throws {
    var (first, second): (Socket, Socket?) = try Socket.pair(isBlocking: true)
    second?.shutdown(.sending)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(try first.receive(into: &bytes) == 0)
    second = nil
    let error = #expect(throws: SystemError.self) { try first.sendAll([1, 2, 3]) }
    #expect(error?.call == "send")
  }

  private func expectTransfer(from client: Socket, to server: Socket) throws {
    try client.sendAll(Array("hello".utf8))
    #expect(try server.wait(toSend: false, timeout: .seconds(5)))
    let buffer = ByteBuffer(capacity: 16)
    #expect(try server.receive(into: buffer) == 5)
    #expect(try server.receive(into: buffer) == nil)
    #expect(buffer.copyBytes() == Array("hello".utf8))
    #expect(try server.send(buffer, from: 1, count: 4) == 4)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(try client.receive(into: &bytes) == 4)
    #expect(bytes.starts(with: "ello".utf8))
  }
}
