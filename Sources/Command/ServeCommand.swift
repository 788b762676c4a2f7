import ArgumentParser
import Dispatch
import Glibc
import Logging
import Platform
import WeightServer

/// `weight-server serve`: the daemon.
struct ServeCommand: AsyncParsableCommand, TalkativeCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve partitions of checkpoints over HTTP.",
    discussion: """
      Prints 'listening on ADDRESS' on standard output, a line each, once it accepts connections; logs go to standard error. \
      Checkpoints named here are served in place of the configuration's. SIGHUP reads the configuration again; SIGTERM \
      finishes what is in flight and ends.
      """)

  @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Where to listen: HOST:PORT (port 0: any), https://HOST:PORT or unix:PATH; may be repeated.", valueName: "address"
    ))
  var listen: [String] = []

  @Option(help: ArgumentHelp("A folder that checkpoints' files may lie in; may be repeated.", valueName: "folder"))
  var root: [String] = []

  @Option(help: "The name to serve the one checkpoint by.")
  var name: String?

  @Argument(help: ArgumentHelp("A manifest, folder or file, or s3://BUCKET/PREFIX.", valueName: "checkpoint"))
  var checkpoints: [String] = []

  @Flag(help: "Log more.")
  var verbose = false

  func validate() throws {
    if name != nil, checkpoints.count != 1 {
      throw ValidationError("--name names one checkpoint, and \(checkpoints.count) are given")
    }
  }

  func run() async throws {
    let configuration: WeightServer.Configuration
    do throws(ConfigurationError) {
      configuration = try layered()
    } catch {
      throw Failure(.usage, error.description)
    }
    let signals = DaemonSignals()
    let threshold = LogThreshold(configuration.logging.level)
    let logger = Logger(label: "weight-server") { _ in
      LineLogHandler(configuration.logging.format, threshold: threshold)
    }
    let daemon: Daemon
    do {
      daemon = try Daemon(configuration, logger: logger, threshold: threshold)
      for address in try daemon.start() { Terminal.write("listening on \(address)\n", to: .output) }
    } catch let error as ConfigurationError {
      throw Failure(.usage, error.description)
    } catch {
      throw Failure(.unavailable, "\(error)")
    }
    for await signal in signals.stream {
      guard signal == SIGHUP else { break }
      daemon.reload(layered)
    }
    _ = await daemon.drain()
  }

  private func layered() throws(ConfigurationError) -> WeightServer.Configuration {
    var overrides = WeightServer.Configuration.Overrides()
    overrides.listen = listen
    overrides.roots = root
    overrides.checkpoints = checkpoints.map { .init(path: $0, name: name) }
    var configuration = try WeightServer.Configuration(
      file: config, environment: ProcessEnvironment.variables, overrides: overrides)
    if verbose { configuration.logging.level = .debug }
    return configuration
  }
}

/// SIGTERM and SIGINT, which ask the daemon to end, and SIGHUP, which asks it to read its configuration again.
private final class DaemonSignals: Sendable {
  let stream: AsyncStream<CInt>
  private let sources: [SignalSource]

  init() {
    let (stream, continuation) = AsyncStream<CInt>.makeStream()
    self.stream = stream
    let queue = DispatchQueue(label: "weight-server.signals")
    sources = [SIGTERM, SIGINT, SIGHUP].map { signal in
      SignalSource(signal, queue: queue) { continuation.yield(signal) }
    }
  }
}
