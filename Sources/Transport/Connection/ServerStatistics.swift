import Synchronization

/// What a server has done since it was made.
package struct ServerStatistics: Hashable, Sendable {
  /// Connections that are open now.
  package var connectionsOpen = 0
  /// Connections that were accepted, refused ones too.
  package var connectionsAccepted = 0
  /// Connections that were refused because there were too many.
  package var connectionsRefused = 0
  /// Times that accepting paused because the process or machine had no more descriptors or memory.
  package var acceptPauses = 0
  /// TLS handshakes that were done, those that went on with an earlier session too.
  package var handshakes = 0
  /// TLS handshakes that went on with an earlier session.
  package var handshakesResumed = 0
  /// TLS handshakes that failed, plain HTTP on a port for TLS too.
  package var handshakesFailed = 0
  /// Requests that were given to the handler.
  package var requests = 0
  /// Requests that could not be read, or were not sent in time.
  package var requestsRefused = 0
  /// Answers that were sent whole.
  package var responsesSent = 0
  /// Answers that were cut, or that nobody was there to take.
  package var responsesCut = 0
  /// Bytes of heads and bodies that were handed to the kernel.
  package var bytesSent = 0
  /// Bytes of bodies that are in memory now.
  package var bytesInFlight = 0
  /// How often each limit was reached.
  package var limitsReached: [Limit: Int] = [:]
}

/// The counters behind `ServerStatistics`, which many queues count on.
final class ServerCounters: Sendable {
  let connectionsAccepted = Atomic(0)
  let connectionsRefused = Atomic(0)
  let acceptPauses = Atomic(0)
  let handshakes = Atomic(0)
  let handshakesResumed = Atomic(0)
  let handshakesFailed = Atomic(0)
  let requests = Atomic(0)
  let requestsRefused = Atomic(0)
  let responsesSent = Atomic(0)
  let responsesCut = Atomic(0)
  let bytesSent = Atomic(0)

  /// The counts now; each is right, but they may be of slightly different moments.
  func snapshot(connectionsOpen: Int) -> ServerStatistics {
    ServerStatistics(
      connectionsOpen: connectionsOpen,
      connectionsAccepted: connectionsAccepted.load(ordering: .relaxed),
      connectionsRefused: connectionsRefused.load(ordering: .relaxed),
      acceptPauses: acceptPauses.load(ordering: .relaxed),
      handshakes: handshakes.load(ordering: .relaxed),
      handshakesResumed: handshakesResumed.load(ordering: .relaxed),
      handshakesFailed: handshakesFailed.load(ordering: .relaxed),
      requests: requests.load(ordering: .relaxed),
      requestsRefused: requestsRefused.load(ordering: .relaxed),
      responsesSent: responsesSent.load(ordering: .relaxed),
      responsesCut: responsesCut.load(ordering: .relaxed),
      bytesSent: bytesSent.load(ordering: .relaxed))
  }
}

extension Atomic<Int> {
  /// Counts.
  func count(_ number: Int = 1) {
    wrappingAdd(number, ordering: .relaxed)
  }
}
