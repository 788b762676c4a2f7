import COpenSSL
import Synchronization

/// Whom a client trusts, and what it shows. The files are PEM.
package struct TLSClientSettings: Hashable, Sendable {
  /// A file of certificates that sign servers', or a folder of such files by their hashes (`openssl rehash`); empty for the
  /// system's.
  package var authority = ""
  /// The file of the client's certificate, and behind it those that sign it; empty for none.
  package var certificate = ""
  /// The file of its key; empty where the certificate's file holds it.
  package var key = ""

  /// The system's authorities and no certificate.
  package init() {}
}

extension TLSContext {
  /// Bytes that are received at a time, many records.
  private static let readAhead = 256 * 1024

  /// A client's context, its files read now.
  package static func client(_ settings: TLSClientSettings) throws(TLSError) -> TLSContext {
    let context = try TLSContext(isServer: false)
    try context.setMinimum(.v12)
    try context.trust(settings.authority)
    if !settings.certificate.isEmpty {
      let file = try PEMFile(settings.certificate, setting: "certificate")
      let key = settings.key.isEmpty ? file : try PEMFile(settings.key, setting: "key")
      try context.identify(
        try file.certificates(), try key.key(), "certificate \(settings.certificate.debugDescription)")
    }
    unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    unsafe SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_READ_AHEAD, 1, nil)
    unsafe SSL_CTX_set_default_read_buffer_len(context.pointer, readAhead)
    // RFC 7301, section 3.1: names with their lengths before them.
    let protocols = [UInt8(8)] + Array("http/1.1".utf8)
    // SAFETY: the list is copied.
    unsafe SSL_CTX_set_alpn_protos(context.pointer, protocols, CUnsignedInt(protocols.count))
    return context
  }

  private func trust(_ authority: String) throws(TLSError) {
    if authority.isEmpty {
      guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
        throw TLSError(.settings, "the system's authorities cannot be read: \(OpenSSL.takeReason() ?? "?")")
      }
    } else if (try? FileStatus.of(path: authority))?.kind == .folder {
      guard unsafe SSL_CTX_load_verify_dir(pointer, authority) == 1 else {
        throw TLSError(.settings, "authority \(authority.debugDescription): \(OpenSSL.takeReason() ?? "?")")
      }
    } else {
      try trust(try PEMFile(authority, setting: "authority").certificates(), announcing: false)
    }
  }
}

extension TLSStream {
  /// A session with a server, whose certificate must be for `host`, a name or a number.
  package convenience init(
    connecting socket: Socket, _ context: TLSContext, host: String, port: UInt16
  ) throws(TLSError) {
    try self.init(socket, context, server: "\(host):\(port)")
    unsafe SSL_set_connect_state(pointer)
    let name = host.hasSuffix(".") ? String(host.dropLast()) : host
    let parameters = unsafe SSL_get0_param(pointer)
    // SAFETY: the texts are copied; the parameters belong to the session.
    if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
      ERR_clear_error()
      unsafe X509_VERIFY_PARAM_set_hostflags(parameters, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      guard unsafe X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1,
        unsafe openssl_set_server_name(pointer, name) == 1
      else { throw TLSError(.settings, "\(host.debugDescription) is no host's name") }
    }
    if let session = context.sessions.withLock({ $0.take(of: "\(host):\(port)") }) {
      // SAFETY: the stream's session takes a reference of its own.
      unsafe SSL_set_session(pointer, session.pointer)
    }
  }
}
