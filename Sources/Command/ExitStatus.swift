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
}
