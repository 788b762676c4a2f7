import Loader
import Transport

extension StatusError {
  /// The answer to a failure of the loader.
  init(_ error: LoaderError) {
    let code: ErrorCode =
      switch error.code {
      case .invalidArgument: .invalidArgument
      case .failedPrecondition: .failedPrecondition
      case .notFound, .missingFile: .notFound
      case .invalidCheckpoint, .dataLoss: .dataLoss
      case .inputOutput: .internalError
      case .unimplemented: .unimplemented
      }
    self.init(code, error.description)
  }
}
