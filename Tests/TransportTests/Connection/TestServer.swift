import HTTPTypes
import Platform
import Synchronization
import Testing

@testable import Transport

/// A handler made of a closure.
struct ClosureHandler: RequestHandler {
  let body: @Sendable (Request, @escaping @Sendable (Response) -> Void) -> Void

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    body(request, respond)
  }
}

/// A server on a free port of this machine, or on a path, and clients for it.
struct TestServer {
  let server: HTTPServer
  let bound: BoundAddress
  let refusals = Recorder<StatusError>()

  init(
    limits: ConnectionLimits = ConnectionLimits(), loops: Int = 2,
    address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    handler: @escaping @Sendable (Request, @escaping @Sendable (Response) -> Void) -> Void
  ) throws {
    let refusals = refusals
    server = HTTPServer(handler: ClosureHandler(body: handler), limits: limits, loops: loops) { error, _ in
      refusals.append(error)
    }
    bound = try #require(try server.start([address]).first)
  }

  /// A server that answers each request at once.
  init(
    limits: ConnectionLimits = ConnectionLimits(), address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    answer: @escaping @Sendable (Request) -> Response
  ) throws {
    try self.init(limits: limits, address: address) { request, respond in respond(answer(request)) }
  }

  /// Connects a client that gives up after some seconds.
  func connect(receiveBuffer: CInt? = nil) throws -> TestClient {
    let socket: Socket
    switch bound.requested {
    case .tcp(let host, _), .tls(let host, _):
      socket = try Socket.connect(host: host, port: #require(bound.port), timeout: .seconds(5))
    case .unix(let path):
      socket = try Socket.connect(to: SocketAddress(unixPath: path), timeout: .seconds(5))
    }
    if let receiveBuffer { try socket.setBuffers(receive: receiveBuffer) }
    return try TestClient(socket)
  }

  /// One request and its answer, on a connection of its own.
  func fetch(_ request: String) throws -> TestClient.Answer {
    let client = try connect()
    try client.send(request)
    return try client.receive()
  }

  /// Stops the server; true where nothing had to be cut.
  @discardableResult
  func stop(within time: Duration = .zero) async -> Bool {
    await server.drain(within: time)
  }
}

/// What several threads put down in order.
final class Recorder<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])

  var all: [Element] { elements.withLock { $0 } }

  func append(_ element: Element) {
    elements.withLock { $0.append(element) }
  }
}

/// A client that sends any bytes and reads answers.
final class TestClient {
  struct Answer {
    let head: ResponseHead
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var status: Int { head.status.code }

    subscript(name: String) -> String? {
      HTTPField.Name(name).flatMap { head.fields[$0] }
    }
  }

  /// The stream ended, or failed, before an answer was whole.
  struct Cut: Error {
    let received: Int
  }

  let socket: Socket
  private var received: [UInt8] = []

  init(_ socket: Socket) throws {
    self.socket = socket
    try socket.setTimeouts(receive: .seconds(10), send: .seconds(10))
  }

  func send(_ text: String) throws {
    try socket.sendAll(Array(text.utf8))
  }

  func get(_ path: String, fields: String = "") throws -> Answer {
    try send("GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
    return try receive()
  }

  /// The next answer, interim ones too.
  func receive(to method: HTTPRequest.Method = .get) throws -> Answer {
    var parser = ResponseHeadParser()
    while true {
      let bytes = received
      received = []
      if case .head(let head, let consumed) = try parser.feed(bytes[...]) {
        received = Array(bytes[consumed...])
        return Answer(head: head, body: try receiveBody(head.framing(for: method)))
      }
      guard try fill() else { throw Cut(received: 0) }
    }
  }

  /// Everything up to the end of the stream; nil where it was reset.
  func receiveAll() throws -> [UInt8]? {
    do {
      while try fill() {}
    } catch let error as SystemError where error.code == 104 {
      return nil
    }
    defer { received = [] }
    return received
  }

  private func receiveBody(_ framing: BodyFraming) throws -> [UInt8] {
    guard case .length(let length) = framing else { return [] }
    while received.count < length {
      guard try fill() else { throw Cut(received: received.count) }
    }
    defer { received.removeFirst(length) }
    return Array(received[..<length])
  }

  /// Receives once; false at the end.
  private func fill() throws -> Bool {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    guard let count = try socket.receive(into: &bytes) else { throw SystemError("recv", code: 110) }
    received += bytes[..<count]
    return count > 0
  }
}
