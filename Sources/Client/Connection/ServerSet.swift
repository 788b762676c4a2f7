internal import HTTPTypes
internal import Platform
internal import Synchronization
internal import Transport

/// The servers of a client, in the order in which they are preferred, and which of them failed lately.
final class ServerSet: Sendable {
  /// What each server is asked through.
  let exchangers: [Exchanger]
  /// The client's settings, which are all servers' alike.
  let configuration: ClientConfiguration
  private let failures: Mutex<[ContinuousClock.Instant?]>

  /// How long a server that failed is asked after the others.
  private static let memory = Duration.seconds(30)

  /// The servers at some addresses, at least one.
  init(_ addresses: [ServerAddress], configuration: ClientConfiguration) {
    self.configuration = configuration
    let tls = ClientTLS(configuration.trust)
    exchangers = addresses.map { address in
      Exchanger(
        address: address,
        pool: ConnectionPool(
          address: address, limit: max(configuration.maximumIdleConnections, configuration.connections),
          connectTimeout: configuration.connectTimeout, tls: tls),
        configuration: configuration)
    }
    failures = Mutex(Array(repeating: nil, count: addresses.count))
  }

  /// The servers as they are asked: from a preferred one on, those that failed lately last, the longest ago of them first.
  func order(from start: Int = 0) -> [Int] {
    let count = exchangers.count
    let now = ContinuousClock.now
    let failures = failures.withLock { $0 }
    let rotated = (0..<count).map { ($0 + start) % count }
    let (good, bad) = rotated.reduce(into: ([Int](), [(Int, ContinuousClock.Instant)]())) { lists, index in
      if let failure = failures[index], failure.duration(to: now) < ServerSet.memory {
        lists.1.append((index, failure))
      } else {
        lists.0.append(index)
      }
    }
    return good + bad.sorted { $0.1 < $1.1 }.map(\.0)
  }

  /// Notes how a server did.
  func note(_ index: Int, failed: Bool) {
    failures.withLock { $0[index] = failed ? ContinuousClock.now : nil }
  }

  /// Notes that a body of a server broke off.
  func noteFailure(at address: ServerAddress) {
    if let index = exchangers.firstIndex(where: { $0.address == address }) { note(index, failed: true) }
  }

  /// Does something with the first server that does not fail at it.
  /// - Throws: where all fail, the error of the first that may do better later, else of the first.
  func attempt<Success>(
    from start: Int = 0, excluding excluded: Set<Int> = [],
    _ body: (Exchanger, Int) throws(WeightClientError) -> Success
  ) throws(WeightClientError) -> Success {
    var first: WeightClientError?
    for index in order(from: start) where !excluded.contains(index) {
      do throws(WeightClientError) {
        let success = try body(exchangers[index], index)
        note(index, failed: false)
        return success
      } catch {
        if error.origin == .connection || error.isRetryable { note(index, failed: error.code != .canceled) }
        guard exchangers.count > 1, error.mayGoElsewhere else { throw error }
        if first == nil || (error.isRetryable && first?.isRetryable == false) { first = error }
      }
    }
    throw first ?? WeightClientError(.connection, .unavailable, "no server is left that has this content")
  }

  /// Closes the connections that wait.
  func closeIdle() {
    for exchanger in exchangers { exchanger.pool.closeIdle() }
  }
}

extension WeightClientError {
  /// Whether another server, which may have other content or be well, may do better.
  fileprivate var mayGoElsewhere: Bool {
    switch origin {
    case .request, .local: false
    case .connection: code != .canceled
    case .content: true
    case .server: ![.invalidArgument, .outOfRange, .unauthenticated, .permissionDenied].contains(code)
    }
  }
}
