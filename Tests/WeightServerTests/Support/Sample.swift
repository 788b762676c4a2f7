import Dispatch
import HTTPTypes
import Loader
import Logging
import Platform
import TestSupport
import Testing

@testable import Transport
@testable import WeightServer

/// The daemon's parts over checkpoints that a test names, with no socket.
struct Sample {
  static let repository = Path.folder(of: Path.folder(of: Path.folder(of: Path.folder(of: #filePath))))
  static let manifest = "\(repository)/Sample/gpt2-tiny/manifest.json"

  let catalog: Catalog
  let cache: PartitionCache
  let monitor: Monitor
  /// The user who asks, as over a Unix socket; by default nobody is known.
  var user: UInt32?

  /// A catalog that has read the checkpoints, and a cache that is off unless something else is asked for.
  init(_ sources: [Configuration.Source], cache configuration: Configuration.Cache? = nil) {
    var off = Configuration.Cache()
    off.mode = .never
    cache = PartitionCache(
      configuration ?? off, environment: [:], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    catalog = Catalog(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    monitor = Monitor(
      catalog: catalog, cache: cache, requests: RequestInstruments(), transfers: Transfers(),
      server: { ServerStatistics() }, pools: [("loading", WorkerPool(limit: 1))])
    let queue = DispatchQueue(label: "test.loading")
    catalog.load(sources, options: LoadOptions(), on: queue)
    queue.sync {}
  }

  /// A catalog of the sample checkpoint.
  init() { self.init([.init(path: Sample.manifest)]) }

  /// The answer to a GET of a target.
  func get(
    _ target: String, method: HTTPRequest.Method = .get, fields given: HTTPFields = [:], body: [UInt8] = []
  ) async throws -> Answer {
    let path = try RequestTarget(Array(target.utf8), method: method)
    var fields = given
    fields[try #require(HTTPField.Name("Host"))] = "test"
    let head = try RequestHead(method: method, target: path, version: .http11, fields: fields)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let partitions = PartitionRoutes(catalog: catalog, cache: cache, transfers: monitor.transfers)
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
      workers: WorkerPool(limit: 2), authorizer: Authorizer(),
      admission: RequestAdmission(limit: .max, clientLimit: .max, meter: LimitMeter()),
      accessLog: AccessLog(logger: logger, instruments: monitor.requests))
    let response = await withCheckedContinuation { continuation in
      router.handle(Request(head: head, body: body, peer: Peer(user: user))) { continuation.resume(returning: $0) }
    }
    let answer = try Answer(response)
    response.onDelivery?(.init(status: response.status, bytesSent: answer.body.count, isComplete: true))
    return answer
  }
}

/// An answer with its body made.
struct Answer {
  let status: Int
  let fields: HTTPFields
  let body: [UInt8]

  init(_ response: Response) throws {
    status = response.status.code
    fields = response.fields
    switch response.body {
    case .none: body = []
    case .bytes(let bytes): body = bytes
    case .source(_, var source):
      var bytes: [UInt8] = []
      while let piece = source.next() {
        switch piece {
        case .bytes(let part): bytes += part
        case .file(let file, let offset, let count): bytes += try file.bytes(at: offset, count: count)
        case .filled(let count, let fill):
          let buffer = ByteBuffer(capacity: count)
          try fill(buffer)
          bytes += buffer.copyBytes()
        case .scattered(let piece):
          let buffer = ByteBuffer(capacity: piece.count)
          try piece.fill(buffer)
          bytes += buffer.copyBytes()
        case .awaited(let begin):
          let more = DispatchSemaphore(value: 0)
          begin { more.signal() }
          more.wait()
        }
      }
      body = bytes
    }
  }

  /// The body as JSON.
  func json() throws -> JSONValue { try JSONValue(parsing: body) }
}
