import Loader
import Platform
import Transport

/// What certificates of clients allow: by patterns of the names that they are for.
struct CertificateScopes: Sendable {
  private let readers: [NamePattern]
  private let administrators: [NamePattern]

  /// No certificate allows anything of itself.
  init() {
    readers = []
    administrators = []
  }

  /// - Throws: a pattern that is none, or patterns where no certificate is asked for.
  init(_ settings: Configuration.TLS) throws(ConfigurationError) {
    readers = try CertificateScopes.patterns(settings.readSubjects, "tls.read_subjects", settings)
    administrators = try CertificateScopes.patterns(settings.adminSubjects, "tls.admin_subjects", settings)
  }

  /// Whether reading is for some certificates alone.
  var guardsReading: Bool { !readers.isEmpty }

  /// What a certificate allows.
  func scopes(of certificate: PeerCertificate) -> Set<Access.Scope> {
    var scopes: Set<Access.Scope> = []
    for name in certificate.names {
      if readers.match(name) { scopes.insert(.read) }
      if administrators.match(name) { scopes.insert(.admin) }
    }
    return scopes
  }

  private static func patterns(
    _ texts: [String], _ key: String, _ settings: Configuration.TLS
  ) throws(ConfigurationError) -> [NamePattern] {
    if !texts.isEmpty, settings.server.clientAuthentication == .none {
      throw ConfigurationError(
        place: key, message: "is set, but client_certificates is none: it is optional or require where subjects count")
    }
    var patterns: [NamePattern] = []
    for text in texts {
      guard let pattern = NamePattern(text) else {
        throw ConfigurationError(
          place: key, message: "\"\(text.escaped)\" is no pattern of names: a bracket is not closed")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}
