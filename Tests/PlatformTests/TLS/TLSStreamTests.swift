import TestSupport
import Testing

@testable import Platform

/// Two ends of a TLS connection in one thread, neither of which blocks.
struct TLSPair {
  let server: TLSStream
  let client: TLSStream

  init(
    _ settings: TLSServerSettings, trusting authority: String, certificate: String = "", host: String = "localhost",
    context: TLSContext? = nil
  ) throws {
    let (one, other) = try Socket.pair(isBlocking: false)
    server = try TLSStream(accepting: one, try TLSContext.server(settings))
    var trust = TLSClientSettings()
    trust.authority = authority
    trust.certificate = certificate
    trust.key = certificate.replacing(".pem", with: ".key")
    client = try TLSStream(connecting: other, context ?? TLSContext.client(trust), host: host, port: 443)
  }

  /// The handshake to its end on both sides.
  func connect() throws {
    var (isServerDone, isClientDone) = (false, false)
    for _ in 0..<20 where !isServerDone || !isClientDone {
      if !isClientDone { isClientDone = try client.handshake() == .isDone }
      if !isServerDone { isServerDone = try server.handshake() == .isDone }
    }
    #expect(isServerDone && isClientDone)
  }

  static func settings(_ authority: TestAuthority, _ name: String = "server") -> TLSServerSettings {
    var settings = TLSServerSettings()
    settings.certificate = authority.file("\(name).pem")
    settings.key = authority.file("\(name).key")
    return settings
  }
}

@Suite struct TLSStreamTests {
  private let authority: TestAuthority

  init() throws {
    authority = try TestAuthority.shared.get()
  }

  private func pair() throws -> TLSPair {
    let pair = try TLSPair(TLSPair.settings(authority), trusting: authority.file("ca.pem"))
    try pair.connect()
    return pair
  }

  @Test(arguments: 0..<8) func whatIsSentArrives(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let pair = try pair()
    if generator.chance(in: 2) { pair.server.share(TLSBuffers()) }
    let (sender, receiver) = generator.chance(in: 2) ? (pair.server, pair.client) : (pair.client, pair.server)
    let bytes = (0..<generator.number(1...1_000_000)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let (out, buffers) = (ByteStream.secure(sender, TLSBuffers()), ByteStream.secure(receiver, TLSBuffers()))
    var received: [UInt8] = []
    var sent = 0
    while received.count < bytes.count {
      let end = min(sent + generator.number(1...200_000), bytes.count)
      if sent < bytes.count, let count = try out.send(bytes[sent..<end], more: generator.chance(in: 3)) {
        sent += count
      } else {
        _ = try out.flush()
      }
      var piece = [UInt8](repeating: 0, count: generator.number(1...100_000))
      while generator.number(0...3) > 0, let count = try buffers.receive(into: &piece) {
        try #require(count > 0, "seed \(seed)")
        received += piece[..<count]
      }
    }
    #expect(received == bytes, "seed \(seed)")
    #expect(out.unsent == 0 && !buffers.hasPending, "seed \(seed)")
  }

  @Test func filesArriveWhole() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 1)
    let bytes = (0..<700_001).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try folder.write("weights", bytes)
    let file = try SourceFile.opening(folder.file("weights"))
    let pair = try pair()
    let (out, into) = (ByteStream.secure(pair.server, TLSBuffers()), ByteStream.secure(pair.client, TLSBuffers()))
    #expect(try out.send([1, 2, 3], more: true) == 3)
    #expect(out.unsent > 0)
    var (sent, received) = (5, [UInt8]())
    while received.count < bytes.count - 2 {
      if sent < bytes.count, let count = try out.send(file, offset: UInt64(sent), count: .max) {
        sent += count
      } else {
        _ = try out.flush()
      }
      let buffer = ByteBuffer(capacity: 50_000)
      while let count = try into.receive(into: buffer, atMost: 40_000), count > 0 {
        received += buffer.copyBytes()
        buffer.count = 0
      }
    }
    #expect(received == [1, 2, 3] + bytes[5...])
    #expect(try out.send(file, offset: UInt64(bytes.count), count: 10) == 0)
  }

  @Test func theEndIsToldApartFromACut() throws {
    let whole = try pair()
    #expect(try whole.server.endSending())
    var bytes = [UInt8](repeating: 0, count: 10)
    let wholeEnd = ByteStream.secure(whole.client, TLSBuffers())
    #expect(try wholeEnd.receive(into: &bytes) == 0)
    // The other direction goes on.
    #expect(try wholeEnd.send([7]) == 1)
    #expect(try ByteStream.secure(whole.server, TLSBuffers()).receive(into: &bytes) == 1)
    #expect(bytes[0] == 7)

    let cut = try pair()
    cut.server.socket.shutdown(.both)
    do throws(StreamError) {
      _ = try ByteStream.secure(cut.client, TLSBuffers()).receive(into: &bytes)
      Issue.record("a cut passed for an end")
    } catch {
      guard case .tls(let error) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(error.kind == .truncated)
    }
  }

  @Test(arguments: ["localhost", "127.0.0.1", "::1", "localhost."])
  func aCertificateIsForItsHosts(host: String) throws {
    try TLSPair(TLSPair.settings(authority), trusting: authority.file("ca.pem"), host: host).connect()
  }

  @Test(arguments: ["example.org", "127.0.0.2", "::2", "localhost.example"])
  func aCertificateIsForNoOtherHost(host: String) throws {
    let pair = try TLSPair(TLSPair.settings(authority), trusting: authority.file("ca.pem"), host: host)
    #expect(kindOfFailure { try pair.connect() } == .untrusted)
  }

  @Test func whoIsNotTrustedIsRefused() throws {
    let foreign = try TestAuthority()
    let pair = try TLSPair(TLSPair.settings(authority), trusting: foreign.file("ca.pem"))
    #expect(kindOfFailure { try pair.connect() } == .untrusted)
    try foreign.make(["server", "old", "localhost"], days: -1)
    let old = try TLSPair(TLSPair.settings(foreign, "old"), trusting: foreign.file("ca.pem"))
    #expect(kindOfFailure { try old.connect() } == .untrusted)
    // The server hears why.
    #expect(kindOfFailure { _ = try pair.server.handshake() } == .alert)
  }

  @Test func aServerKnowsItsClient() throws {
    var settings = TLSPair.settings(authority)
    settings.clientAuthority = authority.file("ca.pem")
    settings.clientAuthentication = .require
    let known = try TLSPair(
      settings, trusting: authority.file("ca.pem"), certificate: authority.file("client.pem"))
    try known.connect()
    let certificate = try #require(known.server.peerCertificate())
    #expect(certificate.commonName == "client")
    #expect(certificate.subject == "CN=client,O=Weight Server test")
    #expect(certificate.fingerprint.count == 64)
    // Who shows none is told so by the first answer.
    let unknown = try TLSPair(settings, trusting: authority.file("ca.pem"))
    try unknown.connect()
    #expect(unknown.server.peerCertificate() == nil)
    let foreign = try TestAuthority()
    let stranger = try TLSPair(
      settings, trusting: authority.file("ca.pem"), certificate: foreign.file("client.pem"))
    #expect(kindOfFailure { try stranger.connect() } == .untrusted)
  }

  @Test func alternativeNamesAreRead() throws {
    try authority.make(["server", "names", "a.example", "10.0.0.7", "fe80::1"])
    var settings = TLSPair.settings(authority)
    settings.clientAuthority = authority.file("ca.pem")
    settings.clientAuthentication = .optional
    try authority.make(["client", "worker-3"])
    let pair = try TLSPair(
      settings, trusting: authority.file("ca.pem"), certificate: authority.file("worker-3.pem"))
    try pair.connect()
    #expect(try #require(pair.server.peerCertificate()).names == ["worker-3", "urn:weight-server:worker-3"])
    let named = try TLSPair(TLSPair.settings(authority, "names"), trusting: authority.file("ca.pem"), host: "fe80::1")
    try named.connect()
    #expect(try #require(named.client.peerCertificate()).alternativeNames == ["a.example", "10.0.0.7", "fe80::1"])
  }

  @Test func aSecondConnectionGoesOnWithTheFirstOnesSession() throws {
    var trust = TLSClientSettings()
    trust.authority = authority.file("ca.pem")
    let context = try TLSContext.client(trust)
    let server = try TLSContext.server(TLSPair.settings(authority))
    for number in 0..<4 {
      let (one, other) = try Socket.pair(isBlocking: false)
      let accepting = try TLSStream(accepting: one, server)
      let client = try TLSStream(connecting: other, context, host: "localhost", port: 443)
      for _ in 0..<4 { _ = (try client.handshake(), try accepting.handshake()) }
      #expect(client.isResumed == (number > 0) && accepting.isResumed == (number > 0))
      #expect(try ByteStream.secure(accepting, TLSBuffers()).send([1]) == 1)
      var bytes = [UInt8](repeating: 0, count: 10)
      #expect(try ByteStream.secure(client, TLSBuffers()).receive(into: &bytes) == 1)
    }
  }

  @Test func plainHTTPIsKnownAsSuch() throws {
    let (one, other) = try Socket.pair(isBlocking: false)
    let server = try TLSStream(accepting: one, try TLSContext.server(TLSPair.settings(authority)))
    #expect(try other.send(Array("GET / HTTP/1.1\r\n\r\n".utf8)[...]) == 18)
    #expect(kindOfFailure { _ = try server.handshake() } == .plainHTTP)
  }

  private func kindOfFailure(_ body: () throws -> Void) -> TLSError.Kind? {
    do {
      try body()
      return nil
    } catch StreamError.tls(let error) {
      return error.kind
    } catch {
      return nil
    }
  }
}
