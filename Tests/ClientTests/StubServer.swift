import Dispatch
import HTTPTypes
import Platform
import Synchronization
import Testing
import Transport

/// An HTTP server of a test's own that answers as the test says, rightly or wrongly. It stops when it goes.
final class StubServer: Sendable {
  /// What a request is answered with.
  struct Reply: Sendable {
    var status = 200
    var fields: [(String, String)] = []
    var body: [UInt8] = []
    /// The `Content-Length`, where it is not the body's.
    var statedLength: Int?
    /// Bytes of the body after which the connection is closed.
    var cutAfter: Int?
    /// Bytes of the body after which nothing more comes.
    var stallAfter: Int?
    /// Sent in place of all else; then the connection is closed.
    var raw: [UInt8]?
    /// Whether the connection is closed after the reply, without a word of it in the head.
    var closes = false
    /// Whether there is a `Content-Length`.
    var isChunked = false
  }

  typealias Handler = @Sendable (_ request: RequestHead, _ number: Int) -> Reply

  private let listener: ListeningSocket
  private let handler: Handler
  private let state = Mutex<(heads: [RequestHead], connections: [Socket])>(([], []))
  /// Tells each time that a client closes a connection on which it was kept waiting.
  let hangups: AsyncStream<Void>
  private let hangup: AsyncStream<Void>.Continuation
  private let isStopped = Atomic<Bool>(false)
  private let stopped = DispatchSemaphore(value: 0)

  /// Listens on a free port, or on a path.
  init(unixPath: String? = nil, _ handler: @escaping Handler) throws {
    listener =
      try unixPath.map { try ListeningSocket.unix(path: $0) } ?? ListeningSocket.tcp(host: "127.0.0.1", port: 0)
    self.handler = handler
    (hangups, hangup) = AsyncStream<Void>.makeStream()
  }

  /// Runs a server while `body` runs with its URL.
  static func with<Result>(
    unixPath: String? = nil, _ handler: @escaping Handler,
    _ body: (StubServer, String) async throws -> Result
  ) async throws -> Result {
    let server = try StubServer(unixPath: unixPath, handler)
    DispatchQueue(label: "stub.accept").async { server.acceptAll() }
    defer { server.stop() }
    return try await body(server, server.url)
  }

  var url: String {
    listener.address.unixPath.map { "unix:" + $0 } ?? "http://127.0.0.1:\(listener.address.port ?? 0)"
  }

  /// The requests that came, in order.
  var requests: [RequestHead] { state.withLock { $0.heads } }
  /// Connections that were made.
  var connectionCount: Int { state.withLock { $0.connections.count } }

  private func stop() {
    isStopped.store(true, ordering: .sequentiallyConsistent)
    stopped.wait()
    for connection in state.withLock({ $0.connections }) { connection.shutdown(.both) }
    listener.removeFile()
  }

  private func acceptAll() {
    while !isStopped.load(ordering: .sequentiallyConsistent) {
      guard (try? listener.socket.wait(toSend: false, timeout: .milliseconds(20))) == true,
        let (socket, _) = try? listener.accept()
      else { continue }
      try? socket.setBlocking(true)
      state.withLock { $0.connections.append(socket) }
      DispatchQueue(label: "stub.connection").async {
        self.serve(socket)
        socket.shutdown(.both)
      }
    }
    stopped.signal()
  }

  private func serve(_ socket: Socket) {
    var parser = RequestHeadParser()
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while let count = try? socket.receive(into: &buffer), count > 0 {
      guard case .head(let head, _)? = try? parser.feed(buffer[..<count]) else { continue }
      let number = state.withLock { state in
        state.heads.append(head)
        return state.heads.count
      }
      guard send(handler(head, number), to: socket, method: head.method) else { return }
    }
  }

  private func send(_ reply: Reply, to socket: Socket, method: HTTPRequest.Method) -> Bool {
    if let raw = reply.raw {
      try? socket.sendAll(raw)
      return false
    }
    var text = "HTTP/1.1 \(reply.status) Stub\r\n"
    for (name, value) in reply.fields { text += "\(name): \(value)\r\n" }
    let body = method == .head ? [] : reply.body
    text +=
      reply.isChunked
      ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(reply.statedLength ?? reply.body.count)\r\n"
    var bytes = Array((text + "\r\n").utf8)
    if reply.isChunked {
      for start in stride(from: 0, to: body.count, by: 7) {
        let chunk = body[start..<min(start + 7, body.count)]
        bytes += Array("\(String(chunk.count, radix: 16));x=y\r\n".utf8) + chunk + [13, 10]
      }
      bytes += Array("0\r\nTrailer: x\r\n\r\n".utf8)
    } else {
      bytes += body.prefix(min(reply.cutAfter ?? .max, reply.stallAfter ?? .max))
    }
    guard (try? socket.sendAll(bytes)) != nil, !reply.closes, reply.cutAfter == nil else { return false }
    if reply.stallAfter != nil {
      // Until the client goes away, or the server stops.
      var buffer = [UInt8](repeating: 0, count: 1)
      while let count = try? socket.receive(into: &buffer), count > 0 {}
      hangup.yield()
      return false
    }
    return true
  }
}

/// A content as a right server would serve it: whole, by ranges, and by `If-Range`.
struct StubContent: Sendable {
  var bytes: [UInt8]
  var tag: String? = "\"v1\""
  var revision = "0123456789abcdef0123456789abcdef01234567"

  func reply(to request: RequestHead) -> StubServer.Reply {
    var reply = StubServer.Reply(body: bytes)
    reply.fields = [("X-Manifest-Revision", revision), ("Accept-Ranges", "bytes"), ("X-Request-Id", "q")]
    if let tag { reply.fields.append(("ETag", tag)) }
    guard let range = request.fields[.range] else { return reply }
    if let condition = request.fields[.ifRange], condition != tag { return reply }
    let ends = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard range.hasPrefix("bytes="), ends.count == 2, let start = Int(ends[0]) else { return reply }
    let end = min(Int(ends[1]).map { $0 + 1 } ?? bytes.count, bytes.count)
    guard start < bytes.count else {
      reply.status = 416
      reply.body = []
      reply.fields.append(("Content-Range", "bytes */\(bytes.count)"))
      return reply
    }
    reply.status = 206
    reply.fields.append(("Content-Range", "bytes \(start)-\(end - 1)/\(bytes.count)"))
    reply.body = Array(bytes[start..<end])
    return reply
  }
}
