/// Why a pickle was not understood.
enum PickleFailure: Error, Hashable, Sendable {
  /// The bytes end too early: at least so many, from the first on, would be needed.
  case truncated(needed: UInt64)
  /// It breaks a rule or asks for something that is never done; the text follows "its pickle ".
  case refused(String)

  /// The same as an error of the file that holds the pickle.
  func error(file: String) -> LoaderError {
    switch self {
    case .truncated: .invalid(file, "its pickle is cut short: it ends before its STOP")
    case .refused(let reason): .invalid(file, "its pickle " + reason)
    }
  }
}
