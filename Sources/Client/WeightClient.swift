internal import HTTPTypes
internal import Platform
internal import Transport

/// A client of one weight server, or of several that serve the same: lists what they have, and fetches partitions.
///
///     try await withWeightClient("http://127.0.0.1:8080") { client in
///       let weights = try await client.open(PartitionRequest(rank: 2, mp: 4))
///       let bias = weights["transformer.final_layernorm.bias"]
///     }
///
/// A request that fails for a moment's reason is tried again, as the configuration says; with several servers, at another one. A
/// cancelled task ends its transfer at once: the socket is closed before the call returns.
public final class WeightClient: Sendable {
  /// The servers, the preferred one first.
  public let addresses: [ServerAddress]
  /// How the client connects, waits and tries again.
  public let configuration: ClientConfiguration
  let servers: ServerSet
  let workers: BlockingWorkers

  /// The preferred server.
  public var address: ServerAddress { addresses[0] }

  /// A client of the server at `http://HOST:PORT[/PATH]` or `unix:PATH`. Nothing is sent yet.
  /// - Throws: `invalid_argument` for what is not such an address.
  public convenience init(
    _ url: String, configuration: ClientConfiguration = ClientConfiguration()
  ) throws(WeightClientError) {
    self.init(try ServerAddress(url), configuration: configuration)
  }

  /// A client of several servers, the preferred one first: a request goes to the next where one fails. Bytes of several are put
  /// together only where their `ETag` is equal.
  /// - Throws: `invalid_argument` for what is not such an address, or where there is none.
  public convenience init(
    servers urls: [String], configuration: ClientConfiguration = ClientConfiguration()
  ) throws(WeightClientError) {
    var addresses: [ServerAddress] = []
    for url in urls { addresses.append(try ServerAddress(url)) }
    guard !addresses.isEmpty else {
      throw WeightClientError(.request, .invalidArgument, "a client needs the address of at least one server")
    }
    self.init(addresses: addresses, configuration: configuration)
  }

  /// A client of the server at an address. Nothing is sent yet.
  public convenience init(_ address: ServerAddress, configuration: ClientConfiguration = ClientConfiguration()) {
    self.init(addresses: [address], configuration: configuration)
  }

  private init(addresses: [ServerAddress], configuration: ClientConfiguration) {
    self.addresses = addresses
    self.configuration = configuration
    servers = ServerSet(addresses, configuration: configuration)
    workers = BlockingWorkers(limit: configuration.maximumTransfers, deadline: configuration.deadline)
  }

  /// Closes the connections that wait for a next request. They are also closed when the client goes.
  public func closeIdleConnections() {
    servers.closeIdle()
  }

  /// Cancels what runs, waits for its end, and closes all connections. Later calls fail with `failed_precondition`.
  public func shutDown() async {
    await workers.shutDown()
    servers.closeIdle()
  }

  /// Runs a request that has no state but its tries, each on a worker, until it succeeds or must be given up.
  func retrying<Success: Sendable>(
    _ body: @escaping @Sendable (Exchanger, CancelSignal) throws(WeightClientError) -> Success
  ) async throws(WeightClientError) -> Success {
    let servers = servers
    return try await workers.run { (cancel) throws(WeightClientError) in
      var retries = RetryState(
        servers.configuration.retry, generator: SplitMix64(seed: UInt64.random(in: 0...UInt64.max)))
      let start = ContinuousClock.now
      while true {
        do throws(WeightClientError) {
          return try servers.attempt { (exchanger, _) throws(WeightClientError) in try body(exchanger, cancel) }
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

/// Runs `body`, on the caller's actor, with a client of one server, and shuts it down when it ends, by an error too: no transfer, thread or
/// connection of it is left.
@discardableResult
public func withWeightClient<Result>(
  _ url: String, configuration: ClientConfiguration = ClientConfiguration(),
  isolation: isolated (any Actor)? = #isolation, _ body: (WeightClient) async throws -> Result
) async throws -> Result {
  try await withWeightClient(servers: [url], configuration: configuration, isolation: isolation, body)
}

/// Runs `body`, on the caller's actor, with a client of several servers, and shuts it down when it ends, by an error too: no transfer,
/// thread or connection of it is left.
@discardableResult
public func withWeightClient<Result>(
  servers urls: [String], configuration: ClientConfiguration = ClientConfiguration(),
  isolation: isolated (any Actor)? = #isolation, _ body: (WeightClient) async throws -> Result
) async throws -> Result {
  let client = try WeightClient(servers: urls, configuration: configuration)
  do {
    let result = try await body(client)
    await client.shutDown()
    return result
  } catch {
    await client.shutDown()
    throw error
  }
}
