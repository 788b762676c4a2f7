import ArgumentParser
import Platform
import WeightServerClient

/// The statuses that the command ends with, by the names of sysexits(3).
enum ExitStatus: Int32 {
  /// Done.
  case done = 0
  /// Bad usage: a parameter that cannot be, or that this checkpoint cannot serve.
  case usage = 64
  /// Bad data: a checkpoint, or an answer that is not what it has to be.
  case data = 65
  /// A file or a model that is not there.
  case missing = 66
  /// The server is not there, not ready, or broken.
  case unavailable = 69
  /// A file on this side cannot be written or read.
  case inputOutput = 74

  /// The status for an error of the client.
  init(_ error: WeightClientError) {
    switch error.origin {
    case .request: self = .usage
    case .connection: self = .unavailable
    case .content: self = .data
    case .local: self = .inputOutput
    case .server:
      switch error.code {
      case .invalidArgument, .failedPrecondition, .outOfRange, .unimplemented: self = .usage
      case .permissionDenied, .unauthenticated: self = .usage
      case .notFound: self = .missing
      case .dataLoss: self = .data
      default: self = .unavailable
      }
    }
  }

  /// Writes an error of the client to standard error, in one line, and gives what ends the command with its status.
  static func end(with error: WeightClientError, verbose: Bool) -> ExitCode {
    var line = "weight-server: \(error)"
    if verbose {
      let details = [
        error.origin == .server ? nil : "code \(error.code.rawValue)", error.status.map { "status \($0)" },
        error.isRetryable ? "trying again later may help" : nil,
      ]
      let text = details.compactMap(\.self).joined(separator: ", ")
      if !text.isEmpty { line += " [\(text)]" }
    }
    Terminal.write(line + "\n", to: .error)
    return ExitCode(ExitStatus(error).rawValue)
  }
}
