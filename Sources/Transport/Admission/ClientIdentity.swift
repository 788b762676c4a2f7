import Platform

/// Whom connections are counted for: an address without its port, or a user of this machine.
enum ClientIdentity: Hashable, Sendable {
  /// The bytes of an IPv4 or IPv6 address; one of IPv4 that came mapped into IPv6 is the same as itself.
  case host([UInt8])
  /// The user at the other end of a Unix socket; nil where the system does not tell.
  case user(UInt32?)

  /// Whose a connection is.
  init(_ address: SocketAddress, user: UInt32?) {
    self = address.host.map(ClientIdentity.host) ?? .user(user)
  }

  /// How a message names it.
  func description(_ address: SocketAddress) -> String {
    switch self {
    case .host: address.hostText
    case .user(let user): user.map { "user \($0)" } ?? "an unknown user"
    }
  }
}
