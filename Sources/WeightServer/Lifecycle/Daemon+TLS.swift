import Loader
import Logging
import Platform
import Transport

extension Daemon {
  /// Reads the certificate, key and client authority again, as they do by themselves within a second of a new connection.
  /// Those that cannot be used leave the ones before in place.
  /// - Returns: whether they are used now.
  @discardableResult
  package func reloadCertificates() -> Bool {
    guard let credentials else { return true }
    do throws(TLSError) {
      try credentials.reload()
      logger.notice("the certificate was read again")
      return true
    } catch {
      logger.error("the certificate was read again and is not used", metadata: ["error": "\(error.reason.escaped)"])
      return false
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
