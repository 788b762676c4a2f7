package import Platform

/// How a server speaks TLS on the listeners that do.
package struct TLSListening: Sendable {
  /// Certificate, key, and whom they are asked to trust.
  package let credentials: TLSCredentials
  /// Decides on a connection by the verified certificate of its client, nil where it showed none: the error that answers each of
  /// its requests, or nil where it is welcome.
  package let admit: (@Sendable (PeerCertificate?) -> StatusError?)?
  /// Told of handshakes that failed, and the client's address. On a connection's queue.
  package let onFailure: (@Sendable (TLSError, String) -> Void)?

  /// Puts these together.
  package init(
    _ credentials: TLSCredentials, admit: (@Sendable (PeerCertificate?) -> StatusError?)? = nil,
    onFailure: (@Sendable (TLSError, String) -> Void)? = nil
  ) {
    self.credentials = credentials
    self.admit = admit
    self.onFailure = onFailure
  }
}
