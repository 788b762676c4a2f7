import Platform
import Synchronization
import TestSupport
import Testing

@testable import Transport

/// A server that speaks TLS, and clients that speak it or something else.
@Suite(.timeLimit(.minutes(2))) struct ServerTLSTests {
  private let authority: TestAuthority

  init() throws {
    authority = try TestAuthority.shared.get()
  }

  private struct Secure {
    let server: HTTPServer
    let port: UInt16
    let failures: Recorder<TLSError>
    let authority: TestAuthority

    init(
      _ authority: TestAuthority, certificate: String = "server", limits: ConnectionLimits = ConnectionLimits(),
      change: (inout TLSServerSettings) -> Void = { _ in },
      admit: (@Sendable (PeerCertificate?) -> StatusError?)? = nil,
      answer: @escaping @Sendable (Request) -> Response
    ) throws {
      var settings = TLSServerSettings()
      settings.certificate = authority.file("\(certificate).pem")
      settings.key = authority.file("\(certificate).key")
      change(&settings)
      let failures = Recorder<TLSError>()
      let tls = TLSListening(try TLSCredentials(settings), admit: admit) { error, _ in failures.append(error) }
      server = HTTPServer(
        handler: ClosureHandler { request, respond in respond(answer(request)) }, limits: limits, loops: 2, tls: tls)
      let bound = try #require(try server.start([.tls(host: "127.0.0.1", port: 0)]).first)
      #expect(bound.description == "https://127.0.0.1:\(bound.port ?? 0)")
      port = try #require(bound.port)
      (self.failures, self.authority) = (failures, authority)
    }

    /// What comes to one request, up to the end of the stream.
    func fetch(_ target: String, certificate: String? = nil) throws -> [UInt8] {
      var settings = TLSClientSettings()
      settings.authority = authority.file("ca.pem")
      if let certificate {
        settings.certificate = authority.file("\(certificate).pem")
        settings.key = authority.file("\(certificate).key")
      }
      let cancel = try CancelSignal()
      let patience = Duration.seconds(30)
      let socket = try OutgoingSocket(
        host: "127.0.0.1", port: port, tls: try TLSContext.client(settings), within: patience, cancel: cancel)
      try socket.send(
        Array("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8), within: patience, cancel: cancel)
      var received: [UInt8] = []
      let buffer = ByteBuffer(capacity: 100_000)
      while try socket.receive(into: buffer, most: buffer.capacity, within: patience, cancel: cancel) > 0 {
        received += buffer.copyBytes()
      }
      return received
    }
  }

  private func body(_ bytes: [UInt8]) throws -> ArraySlice<UInt8> {
    let end = try #require(bytes.indices.first { $0 >= 3 && bytes[$0 - 3...$0].elementsEqual([13, 10, 13, 10]) })
    return bytes[(end + 1)...]
  }

  @Test(arguments: ["server", "rsa-server"]) func everyKindOfBodyArrivesWhole(certificate: String) async throws {
    if certificate != "server" { try authority.make(["server", certificate, "127.0.0.1"], key: "rsa") }
    var generator = SeededGenerator(seed: 7)
    let bytes = (0..<3_000_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let folder = try TemporaryFolder()
    try folder.write("weights", bytes)
    let file = try SourceFile.opening(folder.file("weights"))
    let secure = try Secure(authority, certificate: certificate) { request in
      switch request.head.target.path {
      case "/bytes": return Response(body: .bytes(bytes))
      case "/file":
        return Response(
          body: .source(length: bytes.count, PieceList([.file(file, offset: 0, count: bytes.count)])))
      default:
        let pieces: [BodyPiece] = stride(from: 0, to: bytes.count, by: 1 << 20).map { start in
          let part = Array(bytes[start..<min(start + 1 << 20, bytes.count)])
          return .filled(count: part.count) { buffer in buffer.replace(with: part[...]) }
        }
        return Response(body: .source(length: bytes.count, PieceList(pieces)))
      }
    }
    for target in ["/bytes", "/file", "/filled"] {
      #expect(try body(secure.fetch(target)).elementsEqual(bytes), "\(target)")
    }
    let statistics = secure.server.statistics()
    #expect(statistics.handshakes == 3 && statistics.handshakesFailed == 0)
    await secure.server.drain(within: .seconds(5))
  }

  @Test func aPeerIsDecidedOnByItsCertificate() async throws {
    let secure = try Secure(
      authority,
      change: {
        $0.clientAuthentication = .require
        $0.clientAuthority = authority.file("ca.pem")
      },
      admit: { $0 == nil ? StatusError(.unauthenticated, "who are you") : nil },
      answer: { Response(body: .bytes(Array(($0.peer.certificateSubject ?? "nobody").utf8))) })
    #expect(String(decoding: try secure.fetch("/"), as: UTF8.self).contains("HTTP/1.1 401 "))
    #expect(try body(secure.fetch("/", certificate: "client")).elementsEqual("CN=client,O=Weight Server test".utf8))
    await secure.server.drain(within: .seconds(5))
  }

  @Test func aHandshakeHasItsTime() async throws {
    var limits = ConnectionLimits()
    limits.headTime = .milliseconds(100)
    let secure = try Secure(authority, limits: limits) { _ in Response() }
    let socket = try Socket.connect(host: "127.0.0.1", port: secure.port, timeout: .seconds(10))
    try socket.sendAll([0x16, 3, 1])
    var bytes = [UInt8](repeating: 0, count: 100)
    #expect(try socket.receive(into: &bytes) == 0)
    #expect(secure.failures.all.map(\.kind) == [.wire])
    #expect(secure.server.statistics().handshakesFailed == 1)
    await secure.server.drain(within: .seconds(5))
  }

  @Test func garbageIsClosedAndPlainHTTPIsTold() async throws {
    let secure = try Secure(authority) { _ in Response() }
    for (sent, expected) in [("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "), ("\u{16}\u{3}\u{1}garbage", "")] {
      let socket = try Socket.connect(host: "127.0.0.1", port: secure.port, timeout: .seconds(10))
      try socket.sendAll(Array(sent.utf8))
      socket.shutdown(.sending)
      var received: [UInt8] = []
      var bytes = [UInt8](repeating: 0, count: 1000)
      while let count = try socket.receive(into: &bytes), count > 0 { received += bytes[..<count] }
      #expect(String(decoding: received, as: UTF8.self).hasPrefix(expected))
    }
    #expect(secure.server.statistics().handshakesFailed == 2)
    await secure.server.drain(within: .seconds(5))
  }

  @Test func drainingCutsHandshakesShort() async throws {
    let secure = try Secure(authority) { _ in Response() }
    let socket = try Socket.connect(host: "127.0.0.1", port: secure.port, timeout: .seconds(10))
    try socket.sendAll([0x16])
    #expect(await secure.server.drain(within: .seconds(5)))
  }

  @Test func aListenerWithoutACertificateIsRefused() {
    let server = HTTPServer(handler: ClosureHandler { _, _ in })
    #expect(throws: ListenError.self) { try server.start([.tls(host: "127.0.0.1", port: 0)]) }
  }
}
