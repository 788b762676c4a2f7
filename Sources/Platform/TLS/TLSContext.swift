import COpenSSL
import Synchronization

/// What the TLS sessions of one side share: certificate, key, whom they trust, versions and ciphers. It is not changed once it is
/// made.
///
/// SAFETY: `@unchecked Sendable` because OpenSSL counts references to a context and guards what sessions change in it; what is
/// our own is behind a lock.
@safe package final class TLSContext: @unchecked Sendable {
  /// Whether a handshake takes so long that it should have a thread to itself.
  package let isSlow: Bool
  /// When the certificate ends, in seconds since 1970; nil where there is none.
  package let expires: Int64?
  /// Sessions that a client may go on with, by server.
  let sessions = Mutex(TLSSessions())
  private let context: OpaquePointer

  /// A context without a certificate.
  init(isServer: Bool, isSlow: Bool = false, expires: Int64? = nil) throws(TLSError) {
    guard OpenSSL.isReadyForTLS else { throw TLSError(.settings, "OpenSSL cannot be initialized") }
    guard let context = unsafe SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
      throw TLSError(.settings, OpenSSL.takeReason() ?? "SSL_CTX_new: out of memory")
    }
    unsafe self.context = context
    self.isSlow = isSlow
    self.expires = expires
    unsafe openssl_set_common_options(context)
    if isServer { unsafe openssl_set_server_options(context) }
  }

  deinit {
    unsafe SSL_CTX_free(context)
  }

  /// The context, for what sets its properties and for new sessions.
  @unsafe var pointer: OpaquePointer { unsafe context }
}
