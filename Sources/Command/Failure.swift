import Loader
import WeightServerClient

/// What ends a command: a status, and one line for standard error.
struct Failure: Error {
  let status: ExitStatus
  let message: String
  /// What `--verbose` adds to the line.
  let detail: String

  init(_ status: ExitStatus, _ message: String, detail: String = "") {
    self.status = status
    self.message = message
    self.detail = detail
  }

  /// A failure of the loader.
  init(_ error: LoaderError) {
    let status: ExitStatus =
      switch error.code {
      case .invalidArgument, .failedPrecondition, .unimplemented: .usage
      case .invalidCheckpoint, .dataLoss: .data
      case .missingFile, .notFound: .missing
      case .inputOutput: .inputOutput
      }
    self.init(status, error.description, detail: "code \(error.code.rawValue)")
  }

  /// A failure of the client.
  init(_ error: WeightClientError) {
    let details = [
      error.origin == .server ? nil : "code \(error.code.rawValue)", error.status.map { "status \($0)" },
      error.isRetryable ? "trying again later may help" : nil,
    ]
    self.init(ExitStatus(error), error.description, detail: details.compactMap(\.self).joined(separator: ", "))
  }
}

/// A command that says more about errors where it is asked to.
protocol TalkativeCommand {
  var verbose: Bool { get }
}
