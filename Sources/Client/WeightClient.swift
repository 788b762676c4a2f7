internal import HTTPTypes
internal import Platform
internal import Transport

/// A client of one weight server: lists what it has, and fetches partitions.
///
///     let client = try WeightClient("http://127.0.0.1:8080")
///     let request = PartitionRequest(rank: 2, mp: 4)
///     let weights = try await client.open(request)
///     let bias = weights["transformer.final_layernorm.bias"]
///
/// A request that fails for a moment's reason is tried again, as the configuration says. A cancelled task ends its transfer at
/// once: the socket is closed before the call returns.
public final class WeightClient: Sendable {
  /// The server.
  public let address: ServerAddress
  /// How the client connects, waits and tries again.
  public let configuration: ClientConfiguration
  let exchanger: Exchanger
  let workers: BlockingWorkers

  /// A client of the server at `http://HOST:PORT[/PATH]` or `unix:PATH`. Nothing is sent yet.
  /// - Throws: `invalid_argument` for what is not such an address.
  public convenience init(
    _ url: String, configuration: ClientConfiguration = ClientConfiguration()
  ) throws(WeightClientError) {
    self.init(try ServerAddress(url), configuration: configuration)
  }

  /// A client of the server at an address. Nothing is sent yet.
  public init(_ address: ServerAddress, configuration: ClientConfiguration = ClientConfiguration()) {
    self.address = address
    self.configuration = configuration
    exchanger = Exchanger(
      address: address,
      pool: ConnectionPool(
        address: address, limit: configuration.maximumIdleConnections, connectTimeout: configuration.connectTimeout),
      configuration: configuration)
    workers = BlockingWorkers(limit: configuration.maximumTransfers)
  }

  /// Closes the connections that wait for a next request. They are also closed when the client goes.
  public func closeIdleConnections() {
    exchanger.pool.closeIdle()
  }

  /// Runs a request that has no state but its tries, each on a worker, until it succeeds or must be given up.
  func retrying<Success: Sendable>(
    _ body: @escaping @Sendable (Exchanger, CancelSignal) throws(WeightClientError) -> Success
  ) async throws(WeightClientError) -> Success {
    let exchanger = exchanger
    return try await workers.run { (cancel) throws(WeightClientError) in
      var retries = RetryState(
        exchanger.configuration.retry, generator: SplitMix64(seed: UInt64.random(in: 0...UInt64.max)))
      let start = ContinuousClock.now
      while true {
        do throws(WeightClientError) {
          return try body(exchanger, cancel)
        } catch {
          switch retries.failed(error, elapsed: start.duration(to: ContinuousClock.now)) {
          case .giveUp: throw error
          case .wait(let delay): if cancel.wait(for: delay) { throw .canceled }
          }
        }
      }
    }
  }
}

/// Runs `body` with a client, and closes its connections when it ends.
public func withWeightClient<Result>(
  _ url: String, configuration: ClientConfiguration = ClientConfiguration(),
  _ body: (WeightClient) async throws -> Result
) async throws -> Result {
  let client = try WeightClient(url, configuration: configuration)
  defer { client.closeIdleConnections() }
  return try await body(client)
}
