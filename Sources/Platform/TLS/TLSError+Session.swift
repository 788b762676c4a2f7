import COpenSSL

extension TLSError {
  /// What went wrong in a session's last call, by the calling thread's error queue.
  @unsafe init(session: OpaquePointer, code: CInt, hasEnded: Bool) {
    let error = OpenSSL.takeError()
    let reason = ERR_GET_REASON(UInt(error.code))
    switch reason {
    case SSL_R_HTTP_REQUEST:
      self.init(.plainHTTP, "this is HTTP without TLS: use https://")
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      let result = unsafe SSL_get_verify_result(session)
      // SAFETY: the text is a constant of the library.
      let text = unsafe String(cString: X509_verify_cert_error_string(result))
      self.init(.untrusted, "the peer's certificate is not trusted: \(text)")
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      self.init(.truncated, "the peer ended the connection without saying that it is complete")
    case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
      self.init(.alert, "the peer refused: \(error.text)")
    default:
      if error.code == 0, hasEnded {
        self.init(.truncated, "the peer ended the connection without saying that it is complete")
      } else {
        self.init(.wire, error.code == 0 ? "the session failed (SSL error \(code))" : error.text)
      }
    }
  }
}
