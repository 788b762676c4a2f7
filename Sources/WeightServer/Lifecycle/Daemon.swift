import Dispatch
import Loader
package import Logging
import Platform
import Synchronization
package import Transport

/// The daemon: checkpoints, routes and listeners, from start to drain.
package final class Daemon: Sendable {
  /// What holds now; what was read when it was last told to read its configuration again.
  let current: Mutex<Configuration>
  let logger: Logger
  let catalog: Catalog
  let loading = DispatchQueue(label: "weight-server.loading")
  let threshold: LogThreshold
  /// The folders that are watched.
  let watches = Mutex<[FolderWatch]>([])
  private let cache: PartitionCache
  let server: HTTPServer
  /// The certificate in use; nil where no listener speaks TLS.
  let credentials: TLSCredentials?
  let tokens: TokenStore?
  private let tokenTimer: RepeatingTimer?
  let service = Mutex<ServiceReporter?>(nil)

  /// A daemon that does nothing yet.
  /// - Parameters:
  ///   - environment: variables that the place of the cache depends on.
  ///   - threshold: what the logger's handler goes by.
  /// - Throws: what is wrong with the file of tokens.
  package init(
    _ configuration: Configuration, environment: [String: String] = ProcessEnvironment.variables, logger: Logger,
    threshold: LogThreshold
  ) throws(ConfigurationError) {
    current = Mutex(configuration)
    self.logger = logger
    self.threshold = threshold
    let rules = configuration.access
    let tokens: TokenStore? = rules.tokensFile.isEmpty ? nil : try TokenStore(path: rules.tokensFile, logger: logger)
    self.tokens = tokens
    tokenTimer = tokens.map { tokens in
      RepeatingTimer(label: "weight-server.tokens") { [weak tokens] in tokens?.reloadIfChanged() }
    }
    let authorizer = Authorizer(
      tokens: tokens, administrators: Set(rules.administrators.compactMap { UInt32(exactly: $0) }),
      certificates: try CertificateScopes(configuration.tls))
    let limits = configuration.limits
    let refusals = RefusalLog(logger: logger)
    let meter = LimitMeter { refusals.note($0) }
    let cache = PartitionCache(
      configuration.cache, environment: environment,
      executions: ExecutionLimit(limit: limits.executions, meter: meter),
      sharedBytes: configuration.sharedMemory.budget, logger: logger)
    self.cache = cache
    let prefill = Prefill(cache, degrees: configuration.cache.prefill, logger: logger)
    let catalog = Catalog(logger: logger, onReady: prefill.loaded)
    self.catalog = catalog
    let tls = try configuration.tlsListening(logger)
    credentials = tls?.credentials
    let workers = limits.workers > 0 ? limits.workers : 2 * ProcessorCount.available()
    let reference = ServerReference()
    let planning = WorkerPool(limit: workers, label: "weight-server.planning")
    let reading = WorkerPool(limit: workers, label: "weight-server.reading")
    let monitor = Monitor(
      catalog: catalog, cache: cache, requests: RequestInstruments(), transfers: Transfers(),
      server: { reference.server?.statistics() },
      pools: [("planning", planning), ("reading", reading), ("caching", cache.pool)])
    let partitions = PartitionRoutes(
      catalog: catalog, cache: cache, isPrivate: authorizer.guardsReading || configuration.tls.guardsReading,
      transfers: monitor.transfers)
    let control: [any RouteGroup] = [
      partitions,
      ManifestRoutes(catalog: catalog, cache: cache, administration: CatalogAdministration(catalog)),
      StatusRoutes(catalog: catalog),
      MonitorRoutes(monitor: monitor),
    ]
    let router = Router(
      groups: control + [
        PageRoutes(), HubRoutes(partitions: partitions), RPCRoutes(groups: control, catalog: catalog),
      ],
      workers: planning, authorizer: authorizer,
      admission: RequestAdmission(limit: limits.requests, clientLimit: limits.requestsPerAddress, meter: meter),
      accessLog: AccessLog(logger: logger, instruments: monitor.requests))
    server = HTTPServer(
      handler: router, limits: limits.connection, workers: reading, tls: tls, meter: meter,
      onRefusal: { error, address in refusals.note(error, address) })
    reference.server = server
  }

  /// Begins to listen and to load.
  /// - Returns: the addresses, with the ports as bound.
  /// - Throws: a `ConfigurationError` for an address, root or name that cannot be used, or a `ListenError`.
  package func start() throws -> [BoundAddress] {
    let configuration = current.withLock { $0 }
    let settings = try RuntimeSettings(configuration)
    var addresses: [ListenAddress] = []
    for text in configuration.listen { addresses.append(try listenAddress(text)) }
    DescriptorLimit.raise()
    cache.start()
    catalog.configure(settings.catalog, previousLimit: configuration.checkpoints.previousRevisions)
    // Names are reserved before the first request can ask for them.
    catalog.load(configuration.checkpoints.manifests, options: settings.catalog.options, on: loading)
    watch(configuration.checkpoints, atStart: true)
    let bound = try server.start(addresses)
    for address in InheritedSockets.shared.untaken {
      logger.warning(
        "the service manager passed a socket that no address of listen names", metadata: ["address": "\(address)"])
    }
    if let manager = ServiceManager(ProcessEnvironment.variables) {
      let reporter = ServiceReporter(manager, probe: server.whenTurned) { [catalog] in catalog.summary }
      service.withLock { $0 = reporter }
    }
    return bound
  }

  /// Stops accepting, finishes what is in flight, and ends.
  /// - Returns: whether everything was finished in time.
  package func drain() async -> Bool {
    let limit = current.withLock { $0.limits.drain }
    service.withLock { $0 }?.stopping()
    logger.notice("draining", metadata: ["limit_seconds": "\(limit.inSeconds)"])
    let isDone = await server.drain(within: limit)
    logger.notice("stopped", metadata: ["complete": "\(isDone)"])
    return isDone
  }

  private func listenAddress(_ text: String) throws(ConfigurationError) -> ListenAddress {
    do throws(StatusError) {
      return try ListenAddress(parsing: text)
    } catch {
      throw ConfigurationError(place: "listen", message: error.message)
    }
  }
}

/// The server that `/stats` asks, which is made after the routes that it serves.
private final class ServerReference: Sendable {
  private let reference = Mutex<HTTPServer?>(nil)

  var server: HTTPServer? {
    get { reference.withLock { $0 } }
    set { reference.withLock { $0 = newValue } }
  }
}
