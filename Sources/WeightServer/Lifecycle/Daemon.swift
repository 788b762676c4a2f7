import Dispatch
import Loader
package import Logging
import Platform
import Synchronization
package import Transport

/// The daemon: checkpoints, routes and listeners, from start to drain.
package final class Daemon: Sendable {
  private let configuration: Configuration
  private let logger: Logger
  private let catalog: Catalog
  private let cache: PartitionCache
  private let server: HTTPServer
  private let tokens: TokenStore?
  private let tokenTimer: RepeatingTimer?
  private let loading = DispatchQueue(label: "weight-server.loading")

  /// A daemon that does nothing yet.
  /// - Parameter environment: variables that the place of the cache depends on.
  /// - Throws: what is wrong with the file of tokens.
  package init(
    _ configuration: Configuration, environment: [String: String] = ProcessEnvironment.variables, logger: Logger
  ) throws(ConfigurationError) {
    self.configuration = configuration
    self.logger = logger
    let rules = configuration.access
    let tokens: TokenStore? = rules.tokensFile.isEmpty ? nil : try TokenStore(path: rules.tokensFile, logger: logger)
    self.tokens = tokens
    tokenTimer = tokens.map { tokens in
      RepeatingTimer(label: "weight-server.tokens") { [weak tokens] in tokens?.reloadIfChanged() }
    }
    let authorizer = Authorizer(
      tokens: tokens, administrators: Set(rules.administrators.compactMap { UInt32(exactly: $0) }))
    let cache = PartitionCache(configuration.cache, environment: environment, logger: logger)
    self.cache = cache
    let prefill = Prefill(cache, degrees: configuration.cache.prefill, logger: logger)
    let catalog = Catalog(logger: logger, onReady: prefill.loaded)
    self.catalog = catalog
    let limits = configuration.limits
    let workers = limits.workers > 0 ? limits.workers : 2 * ProcessorCount.available()
    let reference = ServerReference()
    let sharedMemory = SharedMemoryStock(
      budget: configuration.sharedMemory.budget, buffers: cache.buffers, logger: logger)
    let router = Router(
      groups: [
        PartitionRoutes(catalog: catalog, cache: cache, sharedMemory: sharedMemory, isPrivate: authorizer.guardsReading),
        ManifestRoutes(catalog: catalog, cache: cache),
        StatusRoutes(
          catalog: catalog, cache: cache, sharedMemory: sharedMemory,
          statistics: { reference.server?.statistics() }, started: .now),
      ],
      workers: WorkerPool(limit: workers, label: "weight-server.planning"), authorizer: authorizer,
      accessLog: AccessLog(logger: logger))
    server = HTTPServer(
      handler: router, limits: limits.connection, workers: WorkerPool(limit: workers, label: "weight-server.reading"),
      onRefusal: { error, address in
        logger.info("request refused", metadata: ["remote": "\(address)", "error": "\(error)"])
      })
    reference.server = server
  }

  /// Begins to listen and to load.
  /// - Returns: the addresses, with the ports as bound.
  /// - Throws: a `ConfigurationError` for an address, root or name that cannot be used, or a `ListenError`.
  package func start() throws -> [BoundAddress] {
    let options = try loadOptions()
    var addresses: [ListenAddress] = []
    for text in configuration.listen { addresses.append(try listenAddress(text)) }
    for source in configuration.checkpoints.manifests { try checkName(source) }
    DescriptorLimit.raise()
    cache.start()
    // Names are reserved before the first request can ask for them.
    catalog.load(configuration.checkpoints.manifests, options: options, on: loading)
    return try server.start(addresses)
  }

  /// Stops accepting, finishes what is in flight, and ends.
  /// - Returns: whether everything was finished in time.
  package func drain() async -> Bool {
    logger.notice("draining", metadata: ["limit_seconds": "\(configuration.limits.drain.inSeconds)"])
    let isDone = await server.drain(within: configuration.limits.drain)
    logger.notice("stopped", metadata: ["complete": "\(isDone)"])
    return isDone
  }

  private func loadOptions() throws(ConfigurationError) -> LoadOptions {
    var options = LoadOptions()
    options.identity = configuration.checkpoints.identity
    options.opaqueGlobals = configuration.allowedGlobals
    for root in configuration.roots {
      do throws(SystemError) {
        try options.roots.add(folder: root)
      } catch {
        throw ConfigurationError(place: "roots", message: "\(root.escaped) cannot be a root: \(error.reason)")
      }
    }
    return options
  }

  private func listenAddress(_ text: String) throws(ConfigurationError) -> ListenAddress {
    do throws(StatusError) {
      return try ListenAddress(parsing: text)
    } catch {
      throw ConfigurationError(place: "listen", message: error.message)
    }
  }

  private func checkName(_ source: Configuration.Source) throws(ConfigurationError) {
    guard let name = source.name else { return }
    do throws(LoaderError) {
      _ = try ManifestName.validate(name)
    } catch {
      throw ConfigurationError(place: "checkpoints", message: error.message)
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
