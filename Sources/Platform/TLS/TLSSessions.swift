import COpenSSL

/// Sessions that a client may go on with, by the server's name and port. Those of TLS 1.3 are used once (RFC 8446, appendix C.4).
struct TLSSessions {
  /// Sessions that are kept of one server, and servers.
  private static let limits = (sessions: 16, servers: 64)
  private var kept: [String: [TLSSession]] = [:]

  /// Keeps a session.
  mutating func keep(_ session: TLSSession, of server: String) {
    guard kept[server] != nil || kept.count < TLSSessions.limits.servers else { return }
    if session.isOfTLS13 {
      kept[server, default: []].append(session)
      if kept[server, default: []].count > TLSSessions.limits.sessions { kept[server]?.removeFirst() }
    } else {
      kept[server] = [session]
    }
  }

  /// The newest session of a server.
  mutating func take(of server: String) -> TLSSession? {
    guard let session = kept[server]?.last else { return nil }
    if session.isOfTLS13 { kept[server]?.removeLast() }
    return session
  }
}

/// What was agreed on with a server, and its ticket.
///
/// SAFETY: `@unchecked Sendable` because a session is not changed once it is made, and OpenSSL counts references to it.
@safe final class TLSSession: @unchecked Sendable {
  private let session: OpaquePointer

  /// The session of a stream, if it can be gone on with: with TLS 1.3, once the server's ticket came.
  init?(of stream: TLSStream) {
    guard let session = unsafe SSL_get1_session(stream.pointer) else { return nil }
    guard unsafe SSL_SESSION_is_resumable(session) == 1 else {
      unsafe SSL_SESSION_free(session)
      return nil
    }
    unsafe self.session = session
  }

  deinit {
    unsafe SSL_SESSION_free(session)
  }

  /// Whether it is of TLS 1.3.
  var isOfTLS13: Bool { unsafe SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION }

  /// The session, valid while this object lives.
  @unsafe var pointer: OpaquePointer { unsafe session }
}
