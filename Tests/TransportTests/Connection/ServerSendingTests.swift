import HTTPTypes
import Platform
import Synchronization
import Testing

@testable import Transport

@Suite struct ServerSendingTests {
  /// A file of so many bytes that goes with this object.
  final class TemporaryFile: Sendable {
    let path = "/tmp/weight-server-\(UInt64.random(in: 0 ..< .max)).bin"
    let bytes: [UInt8]

    init(count: Int) throws {
      bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
      try TemporaryFiles.write(bytes, to: path)
    }

    deinit { TemporaryFiles.remove(path) }

    func open() throws -> SourceFile {
      try Roots().adding(folder: "/tmp").open(path)
    }
  }

  struct Failure: Error {}

  /// A body of all kinds of pieces over the same bytes.
  static func mixed(_ file: SourceFile, _ bytes: [UInt8], _ range: Range<Int>, piece: Int) -> PieceList {
    var pieces: [BodyPiece] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + piece, range.upperBound)
      let part = start..<end
      switch pieces.count % 3 {
      case 0: pieces.append(.bytes(Array(bytes[part])))
      case 1: pieces.append(.file(file, offset: UInt64(start), count: part.count))
      default: pieces.append(.filled(count: part.count) { buffer in buffer.append(bytes[part]) })
      }
      start = end
    }
    return PieceList(pieces)
  }

  @Test(arguments: [1, 7000, 300_000])
  func allKindsOfPiecesArriveInOrder(piece: Int) async throws {
    let file = try TemporaryFile(count: piece == 1 ? 500 : 5_000_000)
    let source = try file.open()
    let test = try TestServer { request in
      serve(
        Representation(length: file.bytes.count, fields: [.contentType: "x/y"]) {
          Self.mixed(source, file.bytes, $0, piece: piece)
        }, for: request.head)
    }
    let client = try test.connect()
    #expect(try client.get("/").body == file.bytes)
    let part = try client.get("/", fields: "Range: bytes=100-399\r\n")
    #expect(part.status == 206)
    #expect(part["content-range"] == "bytes 100-399/\(file.bytes.count)")
    #expect(part.body == Array(file.bytes[100..<400]))
    let parts = try client.get("/", fields: "Range: bytes=0-99,200-299,-10\r\n")
    let boundary = try #require(parts["content-type"]?.split(separator: "=").last)
    let count = file.bytes.count
    var expected: [UInt8] = []
    for (index, range) in [0..<100, 200..<300, count - 10..<count].enumerated() {
      expected += "\(index == 0 ? "" : "\r\n")--\(boundary)\r\nContent-Type: x/y\r\n".utf8
      expected += "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)\r\n\r\n".utf8
      expected += file.bytes[range]
    }
    expected += "\r\n--\(boundary)--\r\n".utf8
    #expect(parts.body == expected)
    await test.stop()
  }

  /// A piece whose bytes lie in two places.
  private struct Halves: ScatteredPiece {
    let buffer: ByteBuffer
    let isPresent: Bool

    init(_ bytes: [UInt8], isPresent: Bool) {
      buffer = ByteBuffer(capacity: bytes.count)
      buffer.replace(with: bytes[...])
      self.isPresent = isPresent
    }

    var count: Int { buffer.count }
    func present() -> ScatteredBytes? { isPresent ? locate() : nil }
    func fill(_ buffer: ByteBuffer) { buffer.append(self.buffer.copyBytes()) }

    func locate() -> ScatteredBytes {
      let (all, middle) = unsafe (buffer.bytes, buffer.count / 3)
      return unsafe ScatteredBytes(
        [UnsafeRawBufferPointer(rebasing: all[..<middle]), UnsafeRawBufferPointer(rebasing: all[middle...])], in: [],
        owners: [buffer])
    }
  }

  @Test(arguments: ["bytes", "short bytes", "file", "filled", "scattered", "located"])
  func headAndBodyBeginInOnePacket(kind: String) async throws {
    let count = kind == "short bytes" ? 10 : 100_000
    let file = try TemporaryFile(count: count)
    let source = try file.open()
    let test = try TestServer { _ in
      let piece: BodyPiece =
        switch kind {
        case "file": .file(source, offset: 0, count: count)
        case "filled": .filled(count: count) { $0.append(file.bytes) }
        case "scattered": .scattered(Halves(file.bytes, isPresent: true))
        case "located": .scattered(Halves(file.bytes, isPresent: false))
        default: .bytes(file.bytes)
        }
      return Response(body: .source(length: count, PieceList([piece])))
    }
    let client = try test.connect()
    try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let first = try #require(try client.socket.receive(into: &bytes))
    var parser = ResponseHeadParser()
    guard case .head(_, let consumed) = try parser.feed(bytes[..<first]) else {
      Issue.record("the head came in parts")
      return
    }
    #expect(first > consumed, "the body begins in another packet")
    var body = Array(bytes[consumed..<first])
    while body.count < count, let more = try client.socket.receive(into: &bytes), more > 0 { body += bytes[..<more] }
    #expect(body == file.bytes)
    await test.stop()
  }

  @Test func aSmallBudgetOnlyMakesTurnsShorter() async throws {
    var limits = ConnectionLimits()
    limits.sendBudget = 1000
    let file = try TemporaryFile(count: 200_000)
    let source = try file.open()
    let test = try TestServer(limits: limits) { _ in
      let body = Self.mixed(source, file.bytes, 0..<file.bytes.count, piece: 30_000)
      return Response(body: .source(length: file.bytes.count, body))
    }
    let client = try test.connect()
    try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 5))
    for _ in 0..<5 { #expect(try client.receive().body == file.bytes) }
    await test.stop()
  }

  @Test func aSlowReaderHoldsTheServerBackAndGetsEverything() async throws {
    let made = Atomic(0)
    let piece = 64 * 1024
    let count = 160
    let test = try TestServer { _ in
      let pieces = (0..<count).map { index in
        BodyPiece.filled(count: piece) { buffer in
          made.wrappingAdd(1, ordering: .relaxed)
          buffer.append(UInt8(truncatingIfNeeded: index), count: piece)
        }
      }
      return Response(body: .source(length: piece * count, PieceList(pieces)))
    }
    let client = try test.connect(receiveBuffer: 128 * 1024)
    let other = try test.connect()
    try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(try client.socket.wait(toSend: false, timeout: .seconds(5)))
    #expect(try other.get("/").body.count == piece * count)
    #expect(made.load(ordering: .relaxed) < 2 * count, "the slow client's body must not have been made ahead")
    let body = try client.receive().body
    #expect(body.count == piece * count)
    let samples = stride(from: 0, to: body.count, by: 1021)
    #expect(samples.allSatisfy { body[$0] == UInt8(truncatingIfNeeded: $0 / piece) })
    await test.stop()
  }

  @Test func aClientThatTakesNothingIsCut() async throws {
    var limits = ConnectionLimits()
    limits.writeProgress = .milliseconds(40)
    let deliveries = Recorder<Response.Delivery>()
    let test = try TestServer(limits: limits) { _ in
      var response = Response(body: .bytes([UInt8](repeating: 1, count: 50_000_000)))
      response.onDelivery = { deliveries.append($0) }
      return response
    }
    let client = try test.connect(receiveBuffer: 4096)
    try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    // The connection's end is the only event: nothing is received until then.
    #expect(await waitUntil { test.server.statistics().connectionsOpen == 0 })
    #expect(throws: (any Error).self) { try client.receive() }
    #expect(deliveries.all.map(\.isComplete) == [false])
    #expect(deliveries.all.map(\.status) == [.ok])
    #expect(test.server.statistics().responsesCut == 1)
    await test.stop()
  }

  @Test func aSourceThatFailsBeforeTheFirstByteIsAnError() async throws {
    let deliveries = Recorder<Response.Delivery>()
    let test = try TestServer { request in
      let pieces: [BodyPiece] =
        request.head.target.path == "/short"
        ? [.filled(count: 10) { $0.append([1]) }] : [.bytes([1]), .filled(count: 9) { _ in throw Failure() }]
      var response = Response(body: .source(length: 10, PieceList(pieces)))
      response.onDelivery = { deliveries.append($0) }
      return response
    }
    let client = try test.connect()
    let failed = try client.get("/")
    #expect(failed.status == 500)
    #expect(failed.text.contains("\"data_loss\""))
    #expect(try client.get("/short").text.contains("\"internal\""))
    #expect(await waitUntil { deliveries.all.count == 2 })
    #expect(deliveries.all.map(\.status) == [.internalServerError, .internalServerError])
    #expect(deliveries.all.map(\.isComplete) == [true, true])
    await test.stop()
  }

  @Test(arguments: ["failing", "short", "long"])
  func aSourceThatFailsLaterCutsTheConnection(kind: String) async throws {
    let test = try TestServer { _ in
      let first = BodyPiece.filled(count: 100_000) { $0.append(1, count: 100_000) }
      let rest: [BodyPiece] =
        switch kind {
        case "failing": [.filled(count: 100_000) { _ in throw Failure() }]
        case "long": [.bytes([UInt8](repeating: 1, count: 100_001))]
        default: []
        }
      return Response(
        body: .source(length: 200_000, PieceList([first, .bytes([UInt8](repeating: 2, count: 10))] + rest)))
    }
    let client = try test.connect()
    #expect(throws: (any Error).self) { try client.get("/") }
    #expect(await waitUntil { test.server.statistics().responsesCut == 1 })
    await test.stop()
  }

  @Test func aChangedFileIsNotSent() async throws {
    let file = try TemporaryFile(count: 1000)
    let source = try file.open()
    let test = try TestServer { _ in
      Response(body: .source(length: 1000, PieceList([.file(source, offset: 0, count: 1000)])))
    }
    let client = try test.connect()
    #expect(try client.get("/").body == file.bytes)
    try TemporaryFiles.write(Array(file.bytes.dropLast()), to: file.path)
    // The first connection may be cut: the change may fall between its last byte and the look at the file after it.
    let answer = try test.connect().get("/")
    #expect(answer.status == 500)
    #expect(answer.text.contains("\"data_loss\""))
    await test.stop()
  }

  @Test func aFileThatIsShorterThanToldCutsTheConnection() async throws {
    let file = try TemporaryFile(count: 1000)
    let source = try file.open()
    let test = try TestServer { _ in
      Response(body: .source(length: 1200, PieceList([.file(source, offset: 0, count: 1200)])))
    }
    let client = try test.connect()
    #expect(throws: (any Error).self) { try client.get("/") }
    await test.stop()
  }

  @Test func aDeadlineCutsAnAnswerThatHasBegun() async throws {
    let test = try TestServer { _ in Response(body: .bytes([UInt8](repeating: 1, count: 50_000_000))) }
    let client = try test.connect(receiveBuffer: 4096)
    try client.send("GET / HTTP/1.1\r\nHost: h\r\nConnect-Timeout-Ms: 50\r\n\r\n")
    #expect(await waitUntil { test.server.statistics().responsesCut == 1 })
    #expect(throws: (any Error).self) { try client.receive() }
    await test.stop()
  }
}
