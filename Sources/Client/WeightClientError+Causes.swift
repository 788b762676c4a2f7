internal import Loader
internal import Platform

extension WeightClientError {
  /// The task was cancelled.
  static let canceled = WeightClientError(.connection, .canceled, "the transfer was cancelled")

  /// A failure on the way to or from a server.
  /// - Parameter stage: what was being waited for ("an answer").
  init(_ failure: OutgoingSocket.Failure, address: ServerAddress, stage: String) {
    switch failure {
    case .cancelled:
      self = .canceled
    case .timedOut:
      self.init(.connection, .deadlineExceeded, "\(address): no \(stage) within the time limit")
    case .unresolved(let error):
      self.init(.connection, .unavailable, "\(error.host.escaped): the host has no address: \(error.reason)")
    case .tls(let error):
      // Who is not trusted now is not trusted at the next try; a stream that broke may hold then.
      let code: Code = error.kind == .truncated || error.kind == .wire ? .unavailable : .failedPrecondition
      self.init(.connection, code, "\(address): no \(stage): \(error.reason.escaped)")
    case .system(let error):
      self.init(.connection, .unavailable, "\(address): no \(stage): \(error.reason) (\(error.call))")
    }
  }

  /// A system call that failed on a file of ours.
  init(_ error: SystemError) {
    let code: Code =
      if error.isMissingFile { .notFound } else if error.isFullDisk { .resourceExhausted } else { .internalError }
    self.init(.local, code, "\((error.subject ?? "file").escaped): \(error.reason) (\(error.call))")
  }

  /// A file or body that is not safetensors.
  init(_ failure: SafetensorsHeader.Failure, subject: String) {
    self.init(.content, .dataLoss, "\(subject.escaped): \(failure.description)")
  }
}

extension SystemError {
  /// Whether the file system has no room (ENOSPC, EDQUOT).
  fileprivate var isFullDisk: Bool { code == 28 || code == 122 }
}
