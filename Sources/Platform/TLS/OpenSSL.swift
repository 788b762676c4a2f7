import COpenSSL

/// OpenSSL's global state, made once, before its first use.
enum OpenSSL {
  /// libcrypto without its cleanup at the process's end, which frees what threads that still run are using. Whoever comes first
  /// decides that, so this goes before every other call.
  static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

  /// libssl, whose own cleanup is a part of libcrypto's.
  static let isReadyForTLS = isReady && OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

  /// What the calling thread's last failed call says was wrong, and forgets it: `wrong version number`.
  static func takeReason() -> String? {
    let (code, text) = takeError()
    return code == 0 ? nil : text
  }

  /// The earliest error that the calling thread's calls left, which the later ones follow from; all are forgotten.
  static func takeError() -> (code: UInt, text: String) {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return (0, "") }
    // SAFETY: the text is a constant of the library, or nil.
    if let text = unsafe ERR_reason_error_string(code) { return (UInt(code), unsafe String(cString: text)) }
    return (UInt(code), "OpenSSL error \(code)")
  }
}
