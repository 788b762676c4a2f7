import ArgumentParser
import Loader
import Platform
import WeightServerClient

/// `weight-server pull`: partitions into files, through the client library.
struct PullCommand: AsyncParsableCommand, TalkativeCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetch partitions from a server into files.",
    discussion: """
      A pull that was cut goes on where it was when it is run again. Several ranks are all of one revision. Files are named \
      NAME-rank-R-of-M.safetensors unless -o names them; with several ranks -o is a folder, or holds {rank}; -o - writes one rank \
      to standard output.

      Of several servers the first is asked, and the next where it fails; their bytes are put together only where their ETag is equal.

      Progress is drawn on standard error where that is a terminal, and the files' names are printed on standard output. The exit \
      status is 0 when all is there, 64 for a request that cannot be, 65 for content that is not right, 66 for a model that is not \
      there, 69 for a server that cannot be reached, 74 for a file that cannot be written.
      """)

  @Option(help: "Tensor-parallel degree of the worker group.")
  var mp: Int

  @Option(help: "The worker's index, from 0.")
  var rank: Int?

  @Option(help: ArgumentHelp("Several workers, first and last.", valueName: "A-B"))
  var ranks: RankRange?

  @Option(help: ArgumentHelp("The checkpoint's name on the server.", valueName: "name"))
  var model: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file or folder to write; - for standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Connections for each partition.", valueName: "count"))
  var connections: Int?

  @Option(help: ArgumentHelp("Give up after this time, with all tries.", valueName: "seconds"))
  var timeout: Double?

  @OptionGroup(title: "Parameters of the partition") var parameters: ParameterOptions

  @OptionGroup var access: TokenOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions

  @Flag(help: "Make the SHA-256 of what arrives and compare it with the server's.")
  var verify = false

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Say more about errors.")
  var verbose = false

  @Argument(
    help: ArgumentHelp("http://HOST:PORT, https://HOST:PORT or unix:PATH; several may be given.", valueName: "url"))
  var urls: [String]

  func validate() throws {
    guard (rank == nil) != (ranks == nil) else { throw ValidationError("give either --rank or --ranks") }
    guard !urls.isEmpty else {
      throw ValidationError("name a server, as http://HOST:PORT, https://HOST:PORT or unix:PATH")
    }
    guard !isPiped || wanted.count == 1 else {
      throw ValidationError("-o - takes one rank: the bytes of several would run together")
    }
    guard !isPiped || !json else { throw ValidationError("-o - leaves no room for --json on standard output") }
    if let connections, !(1...64).contains(connections) {
      throw ValidationError("--connections is \(connections); it is 1 to 64")
    }
    if let timeout, !(timeout >= 0.001 && timeout <= 31_536_000) {
      throw ValidationError("--timeout is \(timeout); it is 0.001 to 31536000 seconds")
    }
  }

  func run() async throws {
    do throws(WeightClientError) {
      try await pull()
    } catch {
      throw Failure(error)
    }
  }

  private var isPiped: Bool { output == "-" }

  private var wanted: ClosedRange<Int> {
    ranks?.range ?? (rank ?? 0)...(rank ?? 0)
  }

  private func clientConfiguration() throws(WeightClientError) -> ClientConfiguration {
    var configuration = ClientConfiguration()
    if verify { configuration.verification = .digest }
    configuration.token = try access.token()
    if let connections { configuration.connections = connections }
    if let timeout { configuration.deadline = .milliseconds(Int64(timeout * 1000)) }
    configuration.trust = trust.trust
    configuration.token = try access.token()
    // Whoever calls this again wants to go on.
    configuration.keepsPartialWhenCancelled = true
    return configuration
  }

  private func pull() async throws(WeightClientError) {
    let client = try WeightClient(servers: urls, configuration: clientConfiguration())
    defer { client.closeIdleConnections() }
    let pairs = parameters.pairs.map { PartitionRequest.Parameter(name: $0.name, value: $0.value) }
    var group = GroupRequest(mp: mp, model: model, revision: parameters.revision)
    group.ranks = Array(wanted)
    group.partition.parameters = pairs
    if isPiped { return try await pipe(group.partition.forRank(wanted.lowerBound), client) }
    let info = try await client.info(for: group.partition.forRank(wanted.lowerBound))
    group.partition.revision = info.revision
    let template = try PullOutput(ranks: wanted, mp: mp, suggestion: info.fileName).template(output)
    let bar = ProgressBar(ranks: group.ranks, mp: mp, isShown: isProgressShown)
    defer { bar.finish() }
    let result = try await client.fetchGroup(group, toFiles: template) { rank, progress in
      bar.update(rank: rank, progress)
    }
    bar.finish()
    report(result)
  }

  private var isProgressShown: Bool { !quiet && Terminal.isTerminal(.error) }

  /// One partition to standard output.
  private func pipe(_ request: PartitionRequest, _ client: WeightClient) async throws(WeightClientError) {
    let bar = ProgressBar(ranks: [request.rank], mp: mp, isShown: isProgressShown && !Terminal.isTerminal(.output))
    defer { bar.finish() }
    let result = try await client.fetch(request, toDescriptor: Terminal.Stream.output.rawValue) { progress in
      bar.update(rank: request.rank, progress)
    }
    bar.finish()
    if verify, !result.isDigestConfirmed { noDigest("standard output") }
  }

  private func report(_ result: GroupResult) {
    if json {
      Terminal.write(PullReport.json(result) + "\n", to: .output)
    } else if !quiet {
      let isForPerson = Terminal.isTerminal(.output)
      for file in result.files {
        Terminal.write((isForPerson ? PullReport.line(file) : file.path) + "\n", to: .output)
      }
    }
    guard verify else { return }
    for file in result.files where !file.result.isDigestConfirmed { noDigest(file.path) }
  }

  private func noDigest(_ path: String) {
    guard !quiet else { return }
    Terminal.write(
      "weight-server: \(path.escaped): the server states no digest yet; length and header are right\n", to: .error)
  }
}

/// The ranks from A to B, both among them.
struct RankRange: ExpressibleByArgument, Hashable, Sendable {
  /// The ranks.
  let range: ClosedRange<Int>

  /// Reads `A-B` or `A`.
  init?(argument: String) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0, first <= last,
      last - first < 65_536
    else { return nil }
    range = first...last
  }
}
