package import Platform

extension Configuration {
  /// How TLS is spoken on the listeners that do.
  package struct TLS: Sendable {
    /// Certificate, key, versions, ciphers, and whether clients are asked for certificates.
    package var server = TLSServerSettings()
    /// Patterns, one of which the common name or an alternative name of a client's certificate has to match; empty for any.
    package var allowedSubjects: [String] = []
    /// Patterns of such names whose holders may read, and nobody else without a token; empty where certificates allow no more than others.
    package var readSubjects: [String] = []
    /// Patterns of such names whose holders may do everything.
    package var adminSubjects: [String] = []

    /// Checks what no single setting can tell, where TLS is spoken at all.
    func validate() throws(ConfigurationError) {
      guard !server.certificate.isEmpty else {
        throw ConfigurationError(
          place: "tls.certificate", message: "is not set; an https listener needs the PEM file of its certificate")
      }
      if server.clientAuthentication != .none, server.clientAuthority.isEmpty {
        throw ConfigurationError(
          place: "tls.client_authority",
          message:
            "is not set; client_certificates: \(server.clientAuthentication.rawValue) needs the PEM file of who signs them"
        )
      }
      if server.clientAuthentication == .none, !allowedSubjects.isEmpty {
        throw ConfigurationError(
          place: "tls.allowed_subjects",
          message: "is set, but client_certificates is none: it is optional or require where subjects count")
      }
    }
  }
}
