package import HTTPTypes

/// What the Connection field says of the connection itself (RFC 9110 section 7.6.1, RFC 9112 section 9.3).
package struct ConnectionOptions: Hashable, Sendable {
  /// Whether `close` stands there.
  package var closes = false
  /// Whether `keep-alive` stands there.
  package var keepsAlive = false

  /// Reads all Connection fields.
  package init(fields: HTTPFields) {
    guard let value = fields[.connection] else { return }
    for option in ASCII.list(value) {
      if ASCII.isEqual(option, ignoringCase: "close") { closes = true }
      if ASCII.isEqual(option, ignoringCase: "keep-alive") { keepsAlive = true }
    }
  }

  /// Whether the connection outlives the message: in 1.1 unless it says `close`, in 1.0 only where it says `keep-alive`.
  package func keepsAlive(version: HTTPVersion) -> Bool {
    if closes { return false }
    return version == .http11 || keepsAlive
  }
}
