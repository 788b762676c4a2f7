import Loader

/// What ends a command: a status, and one line for standard error.
struct Failure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
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
    self.init(status, error.description)
  }
}
