internal import Loader
internal import Platform
internal import Synchronization

/// The TLS side of a client: made from its settings when the first https connection needs it.
final class ClientTLS: Sendable {
  private let trust: ClientConfiguration.Trust
  private let context = Mutex<TLSContext?>(nil)

  /// What is trusted; nothing is read yet.
  init(_ trust: ClientConfiguration.Trust) {
    self.trust = trust
  }

  /// What connections share, the sessions that they can go on with among it.
  func shared() throws(WeightClientError) -> TLSContext {
    try context.withLock { context throws(WeightClientError) in
      if let context { return context }
      do throws(TLSError) {
        let made = try TLSContext.client(trust.settings)
        context = made
        return made
      } catch {
        throw WeightClientError(.local, .failedPrecondition, error.reason.escaped)
      }
    }
  }
}

extension ClientConfiguration.Trust {
  fileprivate var settings: TLSClientSettings {
    var settings = TLSClientSettings()
    settings.authority = authority ?? ""
    settings.certificate = certificate ?? ""
    settings.key = key ?? ""
    return settings
  }
}
