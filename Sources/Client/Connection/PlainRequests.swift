package import HTTPTypes
package import Platform
package import Transport

/// Requests without a body to any HTTP/1.1 server, over kept connections: for the parts of this package that speak to other servers than
/// ours. What an answer's status means is for the caller to say.
package struct PlainRequests: Sendable {
  /// The server.
  package let address: ServerAddress
  private let pool: ConnectionPool
  private let configuration: ClientConfiguration

  /// Requests to a server.
  package init(_ address: ServerAddress, configuration: ClientConfiguration = ClientConfiguration()) {
    self.address = address
    self.configuration = configuration
    pool = ConnectionPool(
      address: address, limit: configuration.maximumIdleConnections, connectTimeout: configuration.connectTimeout)
  }

  /// The body of an answer of known length, piece by piece.
  package struct Body {
    /// Bytes that remain.
    package private(set) var remaining: Int
    fileprivate let connection: ClientConnection
    fileprivate let limit: Duration
    fileprivate let cancel: CancelSignal

    /// Fills the start of a buffer with what is there, at least one byte. Returns how many; 0 at the end.
    package mutating func receive(into buffer: ByteBuffer) throws(WeightClientError) -> Int {
      guard remaining > 0 else { return 0 }
      let count = try connection.receiveBody(
        into: buffer, most: min(remaining, buffer.capacity), within: limit, cancel: cancel)
      buffer.count = count
      remaining -= count
      return count
    }
  }

  /// Sends a request and reads its answer whole, with a body of any framing.
  /// - Parameter most: bytes that the body may have.
  package func read(
    _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields, most: Int, cancel: CancelSignal
  ) throws(WeightClientError) -> (head: ResponseHead, body: [UInt8]) {
    let (connection, head) = try exchange(method, target, fields: fields, cancel: cancel)
    let body = try connection.readBody(
      of: head, method: method, most: most, within: configuration.progressTimeout, cancel: cancel)
    pool.giveBack(connection)
    return (head, body)
  }

  /// Sends a `GET` and hands the answer's body on piece by piece where `wants` says so of the head, else reads it whole.
  /// - Parameter most: bytes that a body that is not wanted may have.
  /// - Returns: the head, and the body that was not wanted.
  package func get(
    _ target: String, fields: HTTPFields, most: Int, cancel: CancelSignal, wants: (ResponseHead) -> Bool,
    receive: (inout Body) throws(WeightClientError) -> Void
  ) throws(WeightClientError) -> (head: ResponseHead, body: [UInt8]) {
    let (connection, head) = try exchange(.get, target, fields: fields, cancel: cancel)
    guard wants(head), case .length(let count) = try connection.framing(of: head, method: .get) else {
      let body = try connection.readBody(
        of: head, method: .get, most: most, within: configuration.progressTimeout, cancel: cancel)
      pool.giveBack(connection)
      return (head, body)
    }
    var body = Body(
      remaining: count, connection: connection, limit: configuration.progressTimeout, cancel: cancel)
    try receive(&body)
    if body.remaining == 0 {
      connection.endBody()
      pool.giveBack(connection)
    }
    return (head, [])
  }

  private func exchange(
    _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields, cancel: CancelSignal
  ) throws(WeightClientError) -> (ClientConnection, ResponseHead) {
    let bytes: [UInt8]
    do throws(StatusError) {
      var all = HTTPFields()
      all[.hostName] = address.hostField
      all.append(contentsOf: fields)
      bytes = HeadWriter.request(
        method: method, target: try RequestTarget(target.utf8, method: method), fields: all)
    } catch {
      throw WeightClientError(.request, .invalidArgument, error.message)
    }
    let connection = try pool.take(cancel: cancel)
    do throws(WeightClientError) {
      let head = try connection.exchange(
        bytes, method: method, within: configuration.responseTimeout, cancel: cancel)
      return (connection, head)
    } catch {
      // The server closed a kept connection while the request was on its way (RFC 9112, section 9.3.1).
      guard connection.wasUsed, error.origin == .connection, error.code == .unavailable else { throw error }
      let connection = try pool.connect(cancel: cancel)
      let head = try connection.exchange(
        bytes, method: method, within: configuration.responseTimeout, cancel: cancel)
      return (connection, head)
    }
  }
}
