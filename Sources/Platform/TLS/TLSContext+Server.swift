import COpenSSL

extension TLSContext {
  /// Ciphers of TLS 1.2 with forward secrecy and authentication; the fastest first, since weights are large.
  private static let ciphers = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """
  /// All that TLS 1.3 has for the purpose.
  private static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
  /// How long a session may be resumed, in seconds: a client's certificate is not looked at again meanwhile.
  private static let resumption = 3600

  /// A server's context, its files read now.
  package static func server(_ settings: TLSServerSettings) throws(TLSError) -> TLSContext {
    let chainFile = try PEMFile(settings.certificate, setting: "certificate")
    let chain = try chainFile.certificates()
    let keyFile = settings.key.isEmpty ? chainFile : try PEMFile(settings.key, setting: "key")
    let key = try keyFile.key()
    let context = try TLSContext(isServer: true, isSlow: key.isSlow, expires: chain.first?.expires)
    try context.identify(chain, key, "certificate \(settings.certificate.debugDescription)")
    try context.setCiphers(settings.ciphers)
    try context.setMinimum(settings.minimumVersion)
    if settings.clientAuthentication != .none {
      let file = try PEMFile(settings.clientAuthority, setting: "client_authority")
      try context.trust(try file.certificates(), announcing: true)
      // Who has no certificate is told so by an answer, which says more than an alert.
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, nil)
    }
    context.setServerProtocol()
    return context
  }

  /// Sets the certificate that this side shows, those behind it, and its key.
  func identify(_ chain: [Certificate], _ key: PrivateKey, _ place: String) throws(TLSError) {
    ERR_clear_error()
    for (index, certificate) in chain.enumerated() {
      // SAFETY: the context takes references of its own to what it is given.
      let isTaken =
        if index == 0 {
          unsafe SSL_CTX_use_certificate(pointer, certificate.pointer) == 1
        } else {
          unsafe openssl_add_chain(pointer, certificate.pointer) == 1
        }
      if !isTaken {
        throw TLSError(.settings, "\(place): certificate \(index + 1) cannot be used: \(OpenSSL.takeReason() ?? "?")")
      }
    }
    guard unsafe SSL_CTX_use_PrivateKey(pointer, key.pointer) == 1, unsafe SSL_CTX_check_private_key(pointer) == 1
    else {
      throw TLSError(
        .settings, "\(place) and its key do not belong together: \(OpenSSL.takeReason() ?? "?"); give those of one pair"
      )
    }
  }

  /// Trusts certificates to sign those of peers.
  func trust(_ authorities: [Certificate], announcing: Bool) throws(TLSError) {
    let store = unsafe SSL_CTX_get_cert_store(pointer)
    for authority in authorities {
      // SAFETY: store and context take references of their own.
      let isTaken =
        unsafe X509_STORE_add_cert(store, authority.pointer) == 1
        && (!announcing || SSL_CTX_add_client_CA(pointer, authority.pointer) == 1)
      guard isTaken else { throw TLSError(.settings, "an authority cannot be used: \(OpenSSL.takeReason() ?? "?")") }
    }
  }

  private func setCiphers(_ text: String) throws(TLSError) {
    let names = text.split { $0 == ":" || $0 == "," || $0 == " " }.map(String.init)
    let suites = names.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
    let older = names.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
    ERR_clear_error()
    // A list that names ciphers of one version alone leaves the other's as they are.
    guard unsafe SSL_CTX_set_ciphersuites(pointer, suites.isEmpty ? TLSContext.suites : suites) == 1,
      unsafe SSL_CTX_set_cipher_list(pointer, older.isEmpty ? TLSContext.ciphers : older) == 1
    else {
      throw TLSError(
        .settings,
        "ciphers \(text.debugDescription): \(OpenSSL.takeReason() ?? "no such cipher"); 'openssl ciphers' lists them")
    }
  }

  func setMinimum(_ version: TLSServerSettings.Version) throws(TLSError) {
    let number = version == .v13 ? TLS1_3_VERSION : TLS1_2_VERSION
    guard unsafe openssl_set_minimum_version(pointer, number) == 1 else {
      throw TLSError(.settings, "OpenSSL does not speak TLS \(version.rawValue)")
    }
  }

  private func setServerProtocol() {
    // Sessions are kept by clients alone, in tickets; the context's own keys seal them.
    unsafe SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    unsafe SSL_CTX_set_timeout(pointer, TLSContext.resumption)
    let name = [UInt8]("weight-server".utf8)
    // SAFETY: the name is copied.
    _ = unsafe SSL_CTX_set_session_id_context(pointer, name, CUnsignedInt(name.count))
    // SAFETY: OpenSSL lends `offered`, whose `length` bytes outlive the use of `chosen`, which points into them.
    unsafe SSL_CTX_set_alpn_select_cb(
      pointer,
      { _, chosen, chosenLength, offered, length, _ in
        var index = 0
        while let offered = unsafe offered, index < Int(length) {
          let count = Int(unsafe offered[index])
          guard index + 1 + count <= Int(length) else { break }
          let name = unsafe UnsafeBufferPointer(start: offered + index + 1, count: count)
          if unsafe name.elementsEqual("http/1.1".utf8) {
            unsafe chosen?.pointee = name.baseAddress
            unsafe chosenLength?.pointee = UInt8(count)
            return SSL_TLSEXT_ERR_OK
          }
          index += 1 + count
        }
        // The alert no_application_protocol (RFC 7301, section 3.2).
        return SSL_TLSEXT_ERR_ALERT_FATAL
      }, nil)
  }
}
