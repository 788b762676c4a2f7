/// How a server speaks TLS, as an operator says it. The files are PEM.
package struct TLSServerSettings: Hashable, Sendable {
  /// Whether clients are asked for certificates.
  package enum ClientAuthentication: String, Hashable, Sendable, CaseIterable {
    /// They are not.
    case none
    /// Who has one shows it; who has none is served all the same.
    case optional
    /// Who has none is told so.
    case require
  }

  /// Versions of TLS, the older ones of which nobody should speak (RFC 8996).
  package enum Version: String, Hashable, Sendable, CaseIterable {
    case v12 = "1.2"
    case v13 = "1.3"
  }

  /// The file of the server's certificate, and behind it those that sign it, up to the one that clients have.
  package var certificate = ""
  /// The file of its key, without a passphrase; empty where the certificate's file holds it.
  package var key = ""
  /// The file of the certificates that sign clients'.
  package var clientAuthority = ""
  /// Whether clients are asked for certificates.
  package var clientAuthentication = ClientAuthentication.none
  /// The least version that is spoken.
  package var minimumVersion = Version.v12
  /// Ciphers by OpenSSL's names, separated by colons, those of TLS 1.3 among them; empty for the usual ones.
  package var ciphers = ""

  /// Nothing said.
  package init() {}

  /// The files that are read, each with the setting that names it.
  var files: [(setting: String, path: String)] {
    let all = [("certificate", certificate), ("key", key), ("client_authority", clientAuthority)]
    return all.filter { !$0.1.isEmpty }.map { (setting: $0.0, path: $0.1) }
  }
}
