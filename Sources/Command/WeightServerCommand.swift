import ArgumentParser
import Platform
import WeightServer

/// The `weight-server` executable.
struct WeightServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weight-server",
    abstract: "Serve a checkpoint's weights to inference workers, at the parallelism they run at.",
    version: Version.current,
    subcommands: [
      ServeCommand.self, InspectCommand.self, ExportCommand.self, PullCommand.self, ManifestsCommand.self,
      TokenCommand.self,
    ])
}

/// The entry point: every error is one line on standard error and a status of sysexits(3).
@main
enum Main {
  static func main() async {
    var command: any ParsableCommand
    do {
      command = try WeightServerCommand.parseAsRoot()
    } catch {
      end(with: error, verbose: false)
    }
    do {
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error, verbose: (command as? any TalkativeCommand)?.verbose ?? false)
    }
  }

  private static func end(with error: any Error, verbose: Bool) -> Never {
    if let failure = error as? Failure {
      let detail = verbose && !failure.detail.isEmpty ? " [\(failure.detail)]" : ""
      Terminal.write("weight-server: \(failure.message)\(detail)\n", to: .error)
      WeightServerCommand.exit(withError: ExitCode(failure.status.rawValue))
    }
    let code = WeightServerCommand.exitCode(for: error)
    if code == .success || error is ExitCode { WeightServerCommand.exit(withError: error) }
    let message = WeightServerCommand.message(for: error).split(separator: "\n").joined(separator: " ")
    Terminal.write("weight-server: \(message) (weight-server --help says more)\n", to: .error)
    WeightServerCommand.exit(withError: ExitCode(ExitStatus.usage.rawValue))
  }
}
