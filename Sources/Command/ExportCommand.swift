import ArgumentParser
import Loader
import Platform

/// `weight-server export`: partitions as files, with no daemon.
struct ExportCommand: AsyncParsableCommand, TalkativeCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write partitions as files, with no daemon.",
    discussion:
      "Files are named NAME-rank-R-of-M.safetensors and appear whole: they are renamed into place when written.")

  @OptionGroup var source: CheckpointOptions

  @Option(help: "Tensor-parallel degree.")
  var mp: Int

  @Option(help: "One rank; without it, all.")
  var rank: Int?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The folder to write to; made if it is not there.", valueName: "folder"))
  var output: String

  @OptionGroup(title: "Parameters of the partition") var parameters: ParameterOptions

  @Flag(help: "Give a file its name only once its bytes are on the disk, in case of a power cut.")
  var sync = false

  @Flag(help: "Say more about errors.")
  var verbose = false

  func run() async throws {
    let checkpoint = try source.load()
    let first = try parameters.parameters(rank: rank, mp: mp)
    let sources = SourceSet(checkpoint.files)
    var plans: [PartitionPlan] = []
    for rank in rank.map({ [$0] }) ?? Array(0..<mp) {
      var wanted = first
      wanted.rank = rank
      do throws(LoaderError) {
        plans.append(try Planner(checkpoint, wanted).plan())
      } catch {
        throw Failure(error)
      }
    }
    do throws(SystemError) {
      try Folder.make(output)
    } catch {
      throw Failure(.inputOutput, "\(output.escaped): \(error.reason)")
    }
    for plan in plans {
      let name = "\(checkpoint.name)-rank-\(plan.parameters.rank)-of-\(plan.parameters.mp).safetensors"
      let body = PartitionBody(plan, sources: sources)
      try PartitionWriter(body, workers: ProcessorCount.available(), isSynchronized: sync)
        .write(to: Path.join(output, name))
      Terminal.write("\(Path.join(output, name))\n", to: .output)
    }
  }
}
