import HTTPTypes
import Loader
import Platform
import Transport

/// Decides by the certificate of a client whether it is served.
struct TLSAdmission: Sendable {
  private let isRequired: Bool
  private let patterns: [NamePattern]

  /// - Throws: a pattern that is none.
  init(_ settings: Configuration.TLS) throws(ConfigurationError) {
    isRequired = settings.server.clientAuthentication == .require
    var patterns: [NamePattern] = []
    for text in settings.allowedSubjects {
      guard let pattern = NamePattern(text) else {
        throw ConfigurationError(
          place: "tls.allowed_subjects", message: "\"\(text.escaped)\" is no pattern of names: a bracket is not closed")
      }
      patterns.append(pattern)
    }
    self.patterns = patterns
  }

  /// Why the client with this certificate, or with none, is not served; nil where it is.
  func refusal(_ certificate: PeerCertificate?) -> StatusError? {
    guard let certificate else {
      guard isRequired else { return nil }
      var error = StatusError(
        .unauthenticated, "a client certificate is needed: connect with one that the server's authority has signed")
      // No scheme is registered for certificates, and a token would not help.
      error.fields[.wwwAuthenticate] = "Certificate"
      return error
    }
    if patterns.isEmpty || certificate.names.contains(where: isAllowed) { return nil }
    return StatusError(
      .permissionDenied, "the client certificate of \(certificate.subject.escaped) is not among tls.allowed_subjects")
  }

  private func isAllowed(_ name: String) -> Bool {
    patterns.contains { $0.match(name) != nil }
  }
}
