package import Platform

/// What a connection itself tells of who is at its other end.
package struct Peer: Hashable, Sendable {
  /// The user of the process that connected, where it did so to a Unix socket.
  package var user: UInt32?
  /// Whether what is sent is encrypted, so that the address is one of https.
  package var isEncrypted = false
  /// The subject of the certificate that the client has shown and the server has verified.
  package var certificateSubject: String?
  /// All that this certificate says.
  package var certificate: PeerCertificate?

  /// Nothing is known.
  package init(user: UInt32? = nil, certificateSubject: String? = nil) {
    self.user = user
    self.certificateSubject = certificateSubject
  }
}
