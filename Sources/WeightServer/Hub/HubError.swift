import HTTPTypes
import Transport

extension StatusError {
  /// What the Hub's clients tell apart by `X-Error-Code`.
  ///
  /// Source: huggingface/huggingface_hub `utils/_http.py`, `hf_raise_for_status`.
  enum HubCode: String {
    case repository = "RepoNotFound"
    case revision = "RevisionNotFound"
    case entry = "EntryNotFound"
  }

  /// The answer to a request for what a hub does not have.
  static func hub(_ code: HubCode, _ message: String) -> StatusError {
    var error = StatusError(.notFound, message)
    error.fields[.hubErrorCode] = code.rawValue
    return error
  }

  /// The error as the Hub's clients show it to a person: they read its message from a field of the head.
  var forHub: StatusError {
    var error = self
    let bytes = message.utf8.prefix(1000).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
    error.fields[.hubErrorMessage] = String(decoding: bytes, as: UTF8.self)
    return error
  }
}

extension HTTPField.Name {
  /// What a hub's client tells errors apart by.
  static let hubErrorCode = known("X-Error-Code")
  /// What it shows.
  static let hubErrorMessage = known("X-Error-Message")
  /// The commit id that the answer is of.
  static let repositoryCommit = known("X-Repo-Commit")
  /// The tag of the file itself, were the answer a link to it.
  static let linkedTag = known("X-Linked-ETag")
  /// Its bytes.
  static let linkedSize = known("X-Linked-Size")
  /// Other resources that belong to an answer (RFC 8288).
  static let link = known("Link")
}
