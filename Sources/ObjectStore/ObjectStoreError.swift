/// What went wrong with an object store, as one line.
package struct ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  package enum Kind: Hashable, Sendable {
    /// What was asked for can never be right.
    case invalid
    /// No such bucket or object.
    case missing
    /// The credentials are missing, wrong, or do not allow it.
    case denied
    /// The object is another than when it was listed.
    case changed
    /// The store cannot be reached, answers with an error, or breaks the protocol.
    case failed
  }

  /// What kind of failure it is.
  package let kind: Kind
  /// What was wrong, with which value, and what would be right.
  package let message: String

  /// A failure with its message.
  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }
}
