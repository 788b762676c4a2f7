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
      A pull that was cut goes on where it was when it is run again. Several ranks are all of one revision. Files are named
      NAME-rank-R-of-M.safetensors unless -o names them; with several ranks -o is a folder, or holds {rank}.
      """)

  @Option(help: "Tensor-parallel degree of the worker group.")
  var mp: Int

  @Option(help: "The worker's index, from 0.")
  var rank: Int?

  @Option(help: ArgumentHelp("Several workers, first and last.", valueName: "A-B"))
  var ranks: RankRange?

  @Option(help: ArgumentHelp("The checkpoint's name on the server.", valueName: "name"))
  var model: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file or folder to write.", valueName: "file"))
  var output: String?

  @OptionGroup(title: "Parameters of the partition") var parameters: ParameterOptions

  @OptionGroup var access: TokenOptions

  @Flag(help: "Make the SHA-256 of what arrives and compare it with the server's.")
  var verify = false

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  @Flag(help: "Say more about errors.")
  var verbose = false

  @Argument(help: ArgumentHelp("http://HOST:PORT or unix:PATH.", valueName: "url"))
  var url: String

  func validate() throws {
    guard (rank == nil) != (ranks == nil) else { throw ValidationError("give either --rank or --ranks") }
  }

  func run() async throws {
    do throws(WeightClientError) {
      try await pull()
    } catch {
      throw Failure(error)
    }
  }

  private var wanted: ClosedRange<Int> {
    ranks?.range ?? (rank ?? 0)...(rank ?? 0)
  }

  private func pull() async throws(WeightClientError) {
    var configuration = ClientConfiguration()
    if verify { configuration.verification = .digest }
    configuration.token = try access.token()
    let client = try WeightClient(url, configuration: configuration)
    defer { client.closeIdleConnections() }
    let pairs = parameters.pairs.map { PartitionRequest.Parameter(name: $0.name, value: $0.value) }
    var group = GroupRequest(mp: mp, model: model, revision: parameters.revision)
    group.ranks = Array(wanted)
    group.partition.parameters = pairs
    let info = try await client.info(for: group.partition.forRank(wanted.lowerBound))
    group.partition.revision = info.revision
    let template = try PullOutput(ranks: wanted, mp: mp, suggestion: info.fileName).template(output)
    let bar = ProgressBar(ranks: group.ranks, mp: mp)
    defer { bar.finish() }
    let result = try await client.fetchGroup(group, toFiles: template) { rank, progress in
      bar.update(rank: rank, progress)
    }
    bar.finish()
    report(result)
  }

  private func report(_ result: GroupResult) {
    if json {
      Terminal.write(PullReport.json(result) + "\n", to: .output)
    } else {
      for file in result.files { Terminal.write(PullReport.line(file) + "\n", to: .output) }
    }
    guard verify else { return }
    for file in result.files where !file.result.isDigestConfirmed {
      Terminal.write(
        "weight-server: \(file.path.escaped): the server states no digest yet; length and header are right\n",
        to: .error)
    }
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
