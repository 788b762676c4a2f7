/// A TLS session or its settings that failed: what was wrong, as one line. Text of the peer is not in it.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Kinds of failure that are treated differently.
  package enum Kind: Hashable, Sendable {
    /// A file or a value of the settings cannot be used.
    case settings
    /// What came is HTTP without TLS.
    case plainHTTP
    /// The peer's certificate is not one that is trusted, or not for that name.
    case untrusted
    /// The peer refused, by an alert that says why.
    case alert
    /// The stream ended without the peer's word that it is whole.
    case truncated
    /// Anything else that breaks the protocol.
    case wire
  }

  /// What kind of failure it is.
  package let kind: Kind
  /// What was wrong.
  package let reason: String

  /// Describes a failure.
  package init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  package var description: String { reason }
}

/// What ends the use of a stream of bytes.
package enum StreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A system call failed.
  case system(SystemError)
  /// The TLS session failed.
  case tls(TLSError)

  package var description: String {
    switch self {
    case .system(let error): error.description
    case .tls(let error): "TLS: \(error.reason)"
    }
  }
}
