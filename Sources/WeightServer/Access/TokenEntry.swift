import Loader
import Transport

/// What the file of tokens says of one: never the token itself, only its digest.
struct TokenEntry: Hashable, Sendable {
  /// Who has it, for logs and messages.
  let name: String
  /// The SHA-256 of the token's bytes.
  let digest: [UInt8]
  /// What it allows.
  let scopes: Set<Access.Scope>
  /// The names of manifests it extends to, one pattern of which has to match; nil for all.
  let manifests: [NamePattern]?
  /// Seconds since 1970 from which on it counts no more; nil for never.
  let expires: Int64?

  /// What its holder may.
  var access: Access {
    guard let manifests else { return Access("token \(name)", scopes: scopes) }
    return Access("token \(name)", scopes: scopes) { manifests.match($0) }
  }
}

extension [NamePattern] {
  /// Whether one of them matches a manifest's name.
  func match(_ name: String) -> Bool {
    contains { $0.match(name) != nil }
  }
}
