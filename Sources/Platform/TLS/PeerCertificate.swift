/// What the verified certificate of a peer says of it.
package struct PeerCertificate: Hashable, Sendable {
  /// The whole subject, as RFC 2253 writes it: `CN=worker-3,O=Example`.
  package let subject: String
  /// The subject's common name, the last where there are several.
  package let commonName: String?
  /// The subject's alternative names: of hosts, addresses, URIs and mailboxes.
  package let alternativeNames: [String]
  /// The SHA-256 of the certificate, as 64 hex digits.
  package let fingerprint: String

  /// The names by which it can be allowed.
  package var names: [String] { (commonName.map { [$0] } ?? []) + alternativeNames }

  /// Describes a certificate.
  package init(subject: String, commonName: String?, alternativeNames: [String], fingerprint: String) {
    self.subject = subject
    self.commonName = commonName
    self.alternativeNames = alternativeNames
    self.fingerprint = fingerprint
  }
}
