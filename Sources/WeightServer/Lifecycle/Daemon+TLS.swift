import Loader
import Logging
import Platform
import Transport

extension Daemon {
  /// Reads the certificate, key and client authority again, as they do by themselves within a second of a new connection.
  /// - Throws: why they cannot be used; then those before stay.
  package func reloadCertificates() throws(ConfigurationError) {
    do throws(TLSError) {
      try credentials?.reload()
    } catch {
      throw ConfigurationError(place: "tls", message: error.reason)
    }
  }
}

extension Configuration {
  /// How TLS is spoken; nil where no listener does.
  func tlsListening(_ logger: Logger) throws(ConfigurationError) -> TLSListening? {
    guard listen.contains(where: { $0.hasPrefix("https://") }) else { return nil }
    try tls.validate()
    let admission = try TLSAdmission(tls)
    let credentials: TLSCredentials
    do throws(TLSError) {
      credentials = try TLSCredentials(tls.server) { error in
        if let error {
          logger.error("the certificate has changed and is not used", metadata: ["error": "\(error.reason.escaped)"])
        } else {
          logger.notice("the certificate has changed and is used from here on")
        }
      }
    } catch {
      throw ConfigurationError(place: "tls", message: error.reason)
    }
    if let end = credentials.expires, end <= WallClock.seconds() {
      logger.warning(
        "the certificate has ended: clients will refuse it", metadata: ["ended": "\(HTTPDate.format(end))"])
    }
    return TLSListening(credentials, admit: admission.refusal) { error, address in
      // Whoever looks only whether the port is open ends so: load balancers do every second.
      let level: Logger.Level = error.kind == .truncated ? .debug : .info
      logger.log(
        level: level, "TLS handshake failed", metadata: ["remote": "\(address)", "error": "\(error.reason.escaped)"])
    }
  }
}

extension Configuration.TLS {
  /// Whether there is anyone who may not read, since no certificate was given to them.
  var guardsReading: Bool { server.clientAuthentication == .require }
}
