internal import Loader
internal import Transport

/// Where a weight server is: a host and port, with TLS or without, or a Unix-domain socket, and the path before its own paths.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  /// How to reach it.
  public enum Endpoint: Sendable, Hashable {
    /// A host's name or number, and a port.
    case tcp(host: String, port: UInt16)
    /// The same, with TLS.
    case tls(host: String, port: UInt16)
    /// The path of a Unix-domain socket.
    case unix(path: String)
  }

  /// How to reach it.
  public let endpoint: Endpoint
  /// The path before the server's own: empty, or `/…` with no slash at its end.
  public let basePath: String

  /// Whether it is a Unix-domain socket.
  var isUnix: Bool {
    if case .unix = endpoint { true } else { false }
  }

  /// An address from its parts; `basePath` is taken as it is.
  public init(_ endpoint: Endpoint, basePath: String = "") {
    self.endpoint = endpoint
    self.basePath = basePath
  }

  /// Reads `http://HOST[:PORT][/PATH]`, `https://HOST[:PORT][/PATH]` or `unix:PATH`.
  /// - Throws: `invalid_argument` that says what would be right.
  public init(_ url: String) throws(WeightClientError) {
    if url.hasPrefix("unix:") {
      try self.init(unix: String(url.dropFirst(5)), url: url)
      return
    }
    guard let scheme = url.firstRange(of: "://") else {
      throw ServerAddress.refused(url, "it has no scheme")
    }
    let isSecure: Bool
    switch url[..<scheme.lowerBound].lowercased() {
    case "http": isSecure = false
    case "https": isSecure = true
    default: throw ServerAddress.refused(url, "its scheme is unknown")
    }
    let rest = url[scheme.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let (host, port) = try ServerAddress.authority(rest[..<slash], defaultPort: isSecure ? "443" : "80", url: url)
    let endpoint: Endpoint = isSecure ? .tls(host: host, port: port) : .tcp(host: host, port: port)
    var path = rest[slash...]
    while path.hasSuffix("/") { path.removeLast() }
    guard path.utf8.allSatisfy(ServerAddress.isPathByte) else {
      throw ServerAddress.refused(url, "its path holds a character that must be percent-encoded, a query or a fragment")
    }
    self.init(endpoint, basePath: String(path))
  }

  private init(unix rest: String, url: String) throws(WeightClientError) {
    let path = rest.hasPrefix("//") ? String(rest.dropFirst(2)) : rest
    // The limit is the room in Linux's `sockaddr_un`, less a terminator (unix(7)).
    guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else {
      throw ServerAddress.refused(url, "the path of a socket has 1 to 107 bytes")
    }
    self.init(.unix(path: path))
  }

  private static func authority(
    _ text: Substring, defaultPort: Substring, url: String
  ) throws(WeightClientError) -> (host: String, port: UInt16) {
    guard !text.contains("@") else { throw refused(url, "it holds a user name") }
    var host = text
    var port = defaultPort
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { throw refused(url, "a ']' is missing") }
      host = text[text.index(after: text.startIndex)..<close]
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { throw refused(url, "only a port may follow ']'") }
      if !rest.isEmpty { port = rest.dropFirst() }
      guard host.utf8.allSatisfy({ isHexadecimal($0) || $0 == 0x3A || $0 == 0x2E }) else {
        throw refused(url, "what stands between '[' and ']' is no IPv6 address")
      }
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard !host.isEmpty, host.utf8.count <= 255, text.hasPrefix("[") || PercentEncoding.encode(String(host)) == host
    else {
      throw refused(url, "its host is missing or holds a character that no name has")
    }
    guard port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(port), number > 0 else {
      throw refused(url, "its port is not a number from 1 to 65535")
    }
    return (String(host), number)
  }

  private static func refused(_ url: String, _ why: String) -> WeightClientError {
    WeightClientError(
      .request, .invalidArgument,
      "\"\(url.escaped)\" is no server's address: \(why); it looks like http://HOST:PORT, https://HOST:PORT or "
        + "unix:PATH")
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }

  private static func isPathByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != 0x3F && byte != 0x23
  }

  /// The value of `Host` (RFC 9112, section 3.2): for a Unix-domain socket `localhost`.
  package var hostField: String {
    switch endpoint {
    case .unix: "localhost"
    case .tcp(let host, let port): ServerAddress.hostField(host, port, defaultPort: 80)
    case .tls(let host, let port): ServerAddress.hostField(host, port, defaultPort: 443)
    }
  }

  private static func hostField(_ host: String, _ port: UInt16, defaultPort: UInt16) -> String {
    (host.contains(":") ? "[\(host)]" : host) + (port == defaultPort ? "" : ":\(port)")
  }

  /// The address as a URL.
  public var description: String {
    switch endpoint {
    case .unix(let path): "unix:\(path.escaped)"
    case .tcp: "http://\(hostField)\(basePath)"
    case .tls: "https://\(hostField)\(basePath)"
    }
  }
}
