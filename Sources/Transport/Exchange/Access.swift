/// Who asks, and what they may: found out before anything is looked at that the request names.
package struct Access: Sendable, CustomStringConvertible {
  /// What a client may be allowed to.
  package enum Scope: String, Hashable, Sendable, CaseIterable {
    /// Reading what is served.
    case read
    /// Changing what is served; includes reading.
    case admin
  }

  /// Who asks, for messages and logs: `token ci`, `user 1000`, `anyone`. Never a secret.
  package let name: String
  private let mayRead: Bool
  private let mayAdminister: Bool
  /// Whether it extends to a thing of some name; nil where it extends to all.
  private let covers: (@Sendable (String) -> Bool)?

  /// Describes a client's rights.
  /// - Parameter covers: whether they extend to a thing of some name; nil where they extend to all.
  package init(_ name: String, scopes: Set<Scope>, covers: (@Sendable (String) -> Bool)? = nil) {
    self.name = name
    mayAdminister = scopes.contains(.admin)
    mayRead = mayAdminister || scopes.contains(.read)
    self.covers = covers
  }

  /// A client that may nothing.
  package static let nothing = Access("anyone", scopes: [])

  /// What the server itself does.
  package static let everything = Access("the server", scopes: [.read, .admin])

  /// Whether a kind of request is allowed, of whatever it is.
  package func may(_ scope: Scope) -> Bool {
    switch scope {
    case .read: mayRead
    case .admin: mayAdminister
    }
  }

  /// Whether a thing may be seen, named, or used. What may not be is to the client as if it did not exist.
  package func maySee(_ name: String) -> Bool {
    may(.read) && covers?(name) ?? true
  }

  /// Whether everything may be seen, what is to come too.
  package var seesAll: Bool { may(.read) && covers == nil }

  package var description: String { name }
}
