import Testing

/// Requests that are not HTTP, or that two programs could read in two ways (RFC 9112 sections 2.2, 5.1, 6): each is refused, the
/// connection closed, and nothing behind it is taken for a request.
@Suite struct MalformedRequestTests {
  private static let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test(arguments: [
    "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: +5", "Content-Length: -1",
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 99999999999999999999",
    "Content-Length: 0x5", "Content-Length:", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding : chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: \u{0B}chunked", " folded: line",
    "X: a\r\n folded", "X: a\rb", "X: a\u{0}b", "no colon", ": no name", "Host: y", "X Y: z",
  ])
  func aHeadThatCanBeReadInTwoWaysIsRefused(line: String) throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send(
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\(line)\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + MalformedRequestTests.smuggled)
      let answer = try connection.answer()
      #expect((400...501).contains(answer.status) && answer.status != 404, "\(answer.status) \(answer.text)")
      #expect(answer["Connection"]?.lowercased() == "close")
      #expect(try connection.isAtEnd())
      #expect(try daemon.get("/healthz").status == 200)
    }
  }

  @Test(arguments: [
    "GET /healthz\r\n\r\n", "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n", "G\u{0}T / HTTP/1.1\r\nHost: x\r\n\r\n", "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\r\n\r\n",
    "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n", "GET /healthz#part HTTP/1.1\r\nHost: x\r\n\r\n",
  ])
  func whatIsNoRequestIsRefused(text: String) throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send(text)
      connection.finishSending()
      let answer = try connection.answer()
      #expect((400...505).contains(answer.status) && answer.status != 404, "\(answer.status) \(answer.text)")
      #expect(try daemon.get("/healthz").status == 200)
    }
  }

  @Test(arguments: ["5\nhello\r\n0\r\n\r\n", "g\r\n", "5\r\nhelloX\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "\r\n"])
  func aChunkThatIsNoneIsRefused(body: String) throws {
    try Daemon.run { daemon in
      let connection = try daemon.connect()
      try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
      connection.finishSending()
      #expect(try connection.answer().isError(400, "invalid_argument"))
      #expect(try connection.isAtEnd())
    }
  }
}
