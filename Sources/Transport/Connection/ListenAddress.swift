/// Where a server is to listen.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host's name or number, and a port; 0 is any free one. An empty host or `*` is every address of this machine.
  case tcp(host: String, port: UInt16)
  /// The same, with TLS.
  case tls(host: String, port: UInt16)
  /// A path of the file system.
  case unix(path: String)

  /// Whether TLS is spoken there.
  package var isSecure: Bool {
    if case .tls = self { true } else { false }
  }

  /// Reads `HOST:PORT`, `[IPV6]:PORT`, `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.
  /// - Throws: `invalid_argument` that says what was wrong.
  package init(parsing text: String) throws(StatusError) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw StatusError(
          .invalidArgument, "'\(text.utf8.printable)' names no path: write unix:/run/weight-server.sock")
      }
      self = .unix(path: path)
      return
    }
    let isSecure = text.hasPrefix("https://")
    let rest = isSecure ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : text[...]
    guard let colon = rest.lastIndex(of: ":"), let number = ASCII.decimal(rest[rest.index(after: colon)...].utf8),
      let port = UInt16(exactly: number)
    else {
      throw StatusError(
        .invalidArgument,
        "'\(text.utf8.printable)' has no port from 0 to 65535: write HOST:PORT, https://HOST:PORT or unix:PATH")
    }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw StatusError(
        .invalidArgument, "'\(text.utf8.printable)' is ambiguous: write an IPv6 address in brackets, as [::1]:8080")
    }
    guard RequestTarget.isHost(host.utf8) else {
      throw StatusError(.invalidArgument, "'\(text.utf8.printable)' names no valid host")
    }
    self = isSecure ? .tls(host: String(host), port: port) : .tcp(host: String(host), port: port)
  }

  package var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .tcp(let host, let port): ListenAddress.authority(host, port)
    case .tls(let host, let port): "https://" + ListenAddress.authority(host, port)
    }
  }
}

extension ListenAddress {
  fileprivate static func authority(_ host: String, _ port: UInt16) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// An address that a server listens on.
package struct BoundAddress: Hashable, Sendable, CustomStringConvertible {
  /// What was asked for.
  package let requested: ListenAddress
  /// The port as bound; nil for a path.
  package let port: UInt16?
  /// How clients name it: `http://127.0.0.1:41873`, `http://[::1]:80`, `unix:/run/weight-server.sock`.
  package let description: String
}

/// An address that a server cannot listen on.
package struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was asked for.
  package let address: ListenAddress
  /// What the system said.
  package let reason: String

  package var description: String { "cannot listen on \(address.description.utf8.printable): \(reason)" }
}
