public import Platform

/// Everything that can go wrong between a checkpoint's files and a partition's bytes.
///
/// The message is one line that says what was wrong, with which value, and what would be right. Texts that come from files are
/// escaped where they are put into it (see `Swift/String/escaped`).
public struct LoaderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the daemon and the command line map it to their codes.
  public let code: Code
  /// What was wrong, with which value, and what would be right.
  public let message: String
  /// The name that the checkpoint gives the file concerned, if one is.
  public let file: String?

  /// The kinds of failure.
  public enum Code: String, Sendable, CaseIterable {
    /// A parameter that can never be right (a malformed number, rank ≥ mp, an unknown name).
    case invalidArgument
    /// A parameter that is well formed but that this checkpoint cannot serve.
    case failedPrecondition
    /// Something named that is not there.
    case notFound
    /// A file of the checkpoint that does not exist.
    case missingFile
    /// A file that breaks its format's rules, contradicts another, or is not allowed to be read.
    case invalidCheckpoint
    /// A file that was right when it was indexed and is not any more.
    case dataLoss
    /// The operating system refused.
    case inputOutput
    /// Well defined, but not offered.
    case unimplemented
  }

  /// An error with a message of its own.
  public init(_ code: Code, _ message: String, file: String? = nil) {
    self.code = code
    self.message = message
    self.file = file
  }

  /// The failure as one line.
  public var description: String {
    file.map { "\($0.escaped): \(message)" } ?? message
  }

  /// A checkpoint file that breaks a rule.
  public static func invalid(_ file: String, _ message: String) -> LoaderError {
    LoaderError(.invalidCheckpoint, message, file: file)
  }

  /// The same error, of a file.
  public func of(_ file: String) -> LoaderError {
    LoaderError(code, message, file: self.file ?? file)
  }

  /// A system call that failed on a file of a checkpoint.
  public init(_ error: SystemError, file: String? = nil) {
    self.init(
      error.isMissingFile ? .missingFile : .inputOutput,
      error.isMissingFile ? "no such file" : "\(error.reason) (\(error.call))",
      file: file ?? error.subject)
  }

  /// A file that was not opened.
  public init(_ refusal: Roots.Refusal, file: String) {
    switch refusal {
    case .system(let error):
      self.init(error, file: file)
    case .outside(_, let resolved):
      self.init(
        .invalidCheckpoint,
        "lies outside the roots (it is \(resolved.escaped)); name its folder with --root to allow it", file: file)
    case .notRegular:
      self.init(.invalidCheckpoint, "is not a regular file", file: file)
    case .unusable:
      self.init(.invalidCheckpoint, "is not a usable path: it holds a NUL byte", file: file)
    }
  }
}
