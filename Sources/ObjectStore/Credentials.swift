import Loader

/// What a store knows a client by.
package struct Credentials: Hashable, Sendable, CustomStringConvertible {
  /// The key's public name.
  package let accessKey: String
  /// The key.
  package let secretKey: String
  /// What goes with a key that was lent for a time.
  package let sessionToken: String?
  /// When the key ends, in nanoseconds since 1970.
  package let expiry: Int64?

  /// Credentials of a key.
  package init(accessKey: String, secretKey: String, sessionToken: String? = nil, expiry: Int64? = nil) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.expiry = expiry
  }

  /// The public name alone: what is secret stands in no log.
  package var description: String { "credentials \(accessKey.escaped)" }
}
