import Foundation
import Testing

/// What a connection bears and keeps: reuse, pipelining, bodies, forms of targets, Unix sockets (RFC 9112).
@Suite struct ConnectionTests {
  private let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func aConnectionIsKept() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let connects = try (0..<10).map { rank in
        try client.get("/shard?rank=\(rank % 4)&mp=4").connects + client.get("/nothing").connects
      }
      // The first connection was made by the first exchange; refusals do not end it.
      #expect(connects == [1] + [Int](repeating: 0, count: 9))
    }
  }

  @Test func requestsInARowAreAnsweredInOrder() throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      let expected = try (0..<8).map { try daemon.get("/shard?rank=\($0)&mp=8").body }
      try connection.send((0..<8).map { "GET /shard?rank=\($0)&mp=8 HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
      for body in expected { #expect(try connection.answer().body == body) }
    }
  }

  @Test func aRequestMayComeByteByByte() throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      for byte in request.utf8 { try connection.send([byte]) }
      #expect(try connection.answer().status == 200)
    }
  }

  @Test func aConnectionEndsWhenEitherSideSaysSo() throws {
    try Daemon.run { daemon in
      let asked = try daemon.connect()
      try asked.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(try asked.answer()["Connection"]?.lowercased() == "close")
      #expect(try asked.isAtEnd())
      let old = try daemon.connect()
      try old.send("GET /healthz HTTP/1.0\r\n\r\n")
      #expect(try old.answer().status == 200)
      #expect(try old.isAtEnd())
      let halfClosed = try daemon.connect()
      try halfClosed.send(request)
      halfClosed.finishSending()
      #expect(try halfClosed.answer().status == 200)
      #expect(try halfClosed.isAtEnd())
    }
  }

  @Test(arguments: ["5\r\nhello\r\n0\r\n\r\n", "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"])
  func aChunkedBodyIsReadToItsEndAndRefused(body: String) throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body + request)
      #expect(try connection.answer().isError(400, "invalid_argument", "body"))
      #expect(try connection.answer().status == 200)
    }
  }

  @Test func anEmptyChunkedBodyIsNone() throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
      #expect(try connection.answer().status == 200)
    }
  }

  @Test func aClientThatWaitsToSendItsBodyIsToldToGoOn() throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      let first = try connection.head()
      #expect(first.status == 100)
      try connection.send("hello")
      #expect(try connection.answer().isError(400, "invalid_argument"))
    }
  }

  @Test func anAbsoluteTargetIsItsPath() throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send("GET http://other.example/shard?rank=0&mp=4 HTTP/1.1\r\nHost: ignored\r\n\r\n")
      #expect(try connection.answer().body == daemon.get("/shard?rank=0&mp=4").body)
    }
  }

  @Test func escapedTargetsAreWhatTheyStandFor() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let plain = try client.get("/tensor?name=word_embeddings.weight&rank=0&mp=2").body
      #expect(try client.get("/%74ensor?name=word%5Fembeddings%2eweight&rank=%30&mp=2").body == plain)
    }
  }

  @Test func aUnixSocketServesTheSame() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/ws.sock"
    try Daemon.run(listen: ["unix:\(path)", "127.0.0.1:0"]) { daemon in
      #expect(daemon.listeners.count == 2)
      let target = "/shard?rank=1&mp=2"
      let local = try daemon.client()
      let whole = try local.get(target)
      #expect(whole.status == 200)
      let remote = try CurlClient(base: daemon.listeners[1])
      #expect(try remote.get(target).body == whole.body)
      let half = try local.get(target, ["Range": "bytes=5000-", "If-Range": try #require(whole["ETag"])])
      #expect(half.status == 206)
      #expect(half.body == Array(whole.body[5000...]))
    }
    #expect(try folder.names() == [], "the socket is removed at the end")
  }

  @Test func manyClientsAtOnceGetWhatEachAskedFor() throws {
    try Daemon.run { daemon in
      let expected = try (0..<8).map { try daemon.get("/shard?rank=\($0)&mp=8").body }
      let connections = try (0..<64).map { _ in try daemon.connect() }
      for (index, connection) in connections.enumerated() {
        try connection.send("GET /shard?rank=\(index % 8)&mp=8 HTTP/1.1\r\nHost: x\r\n\r\n")
      }
      for (index, connection) in connections.enumerated().reversed() {
        #expect(try connection.answer().body == expected[index % 8])
      }
    }
  }
}
