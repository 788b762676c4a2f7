import Testing

/// SIGTERM: what is in flight is finished, nothing new is taken, the status is 0.
@Suite struct ShutdownTests {
  @Test func aRequestInFlightIsFinished() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 32 << 20)
    try Daemon.run([checkpoint]) { daemon in
      let expected = try daemon.get("/shard?rank=0&mp=1")
      let connection = try daemon.connect(receiveBuffer: 65_536)
      try connection.send("GET /shard?rank=0&mp=1 HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try connection.head()
      #expect(head.status == 200)
      daemon.process.terminate()
      // The listener closes once the signal is seen; the system then refuses, or drops what it had accepted.
      while let other = try? daemon.connect() {
        guard (try? other.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) != nil, (try? other.head()) != nil else {
          break
        }
      }
      let length = try #require(head["Content-Length"].flatMap { Int($0) })
      #expect(try connection.body(length) == expected.body)
      #expect(try connection.isAtEnd())
      #expect(try daemon.process.exitStatus() == 0)
    }
  }

  @Test func idleConnectionsDoNotHoldItUp() throws {
    try Daemon.run { daemon in
      let connections = try (0..<20).map { _ in try daemon.connect() }
      for connection in connections.prefix(10) {
        try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.answer().status == 200)
      }
      daemon.process.terminate()
      #expect(try daemon.process.exitStatus() == 0)
      for connection in connections { #expect((try? connection.isAtEnd()) != false) }
    }
  }

  @Test func aClientThatTakesNothingIsGivenUp() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 32 << 20)
    try Daemon.run([checkpoint], environment: ["WEIGHT_SERVER_LIMITS_DRAIN_SECONDS": "0.3"]) { daemon in
      let connection = try daemon.connect(receiveBuffer: 65_536)
      try connection.send("GET /shard?rank=0&mp=1 HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try connection.head().status == 200)
      daemon.process.terminate()
      #expect(try daemon.process.exitStatus() == 0)
    }
  }
}
