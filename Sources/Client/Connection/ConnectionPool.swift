internal import Platform
internal import Synchronization

/// The connections to one server that wait for their next request, newest last.
final class ConnectionPool: Sendable {
  private let address: ServerAddress
  private let limit: Int
  private let connectTimeout: Duration
  private let tls: ClientTLS
  private let idle = Mutex<[ClientConnection]>([])

  /// An empty pool that keeps at most `limit` connections.
  init(address: ServerAddress, limit: Int, connectTimeout: Duration, tls: ClientTLS) {
    self.address = address
    self.limit = limit
    self.connectTimeout = connectTimeout
    self.tls = tls
  }

  /// A connection that waits and is still open, or a new one.
  func take(cancel: CancelSignal) throws(WeightClientError) -> ClientConnection {
    while let connection = idle.withLock({ $0.popLast() }) {
      if connection.isReusable { return connection }
    }
    return try connect(cancel: cancel)
  }

  /// A new connection, whatever waits.
  func connect(cancel: CancelSignal) throws(WeightClientError) -> ClientConnection {
    try ClientConnection(to: address, tls: tls, within: connectTimeout, cancel: cancel)
  }

  /// Keeps a connection for the next request, if it can have one.
  func giveBack(_ connection: ClientConnection) {
    guard connection.isReusable else { return }
    idle.withLock { if $0.count < limit { $0.append(connection) } }
  }

  /// Closes what waits.
  func closeIdle() {
    idle.withLock { $0.removeAll() }
  }
}
