package import HTTPTypes

/// What a request asks for, in origin form (`/shard?rank=0`), absolute form (`http://host/shard`) or `*`
/// (RFC 9112 section 3.2).
package struct RequestTarget: Hashable, Sendable {
  /// The form it came in.
  package enum Form: Hashable, Sendable {
    case origin
    /// With the host, and port if any, that it named.
    case absolute(authority: String)
    /// `*`, for OPTIONS.
    case asterisk
  }

  /// The target as it was sent.
  package let raw: String
  /// The form it came in.
  package let form: Form
  /// The path as it was sent, with its leading slash; `*` in that form.
  package let path: String
  /// What follows the first question mark, as it was sent; nil where there is none.
  package let query: String?
  /// The decoded parts of the path between its slashes; `/` has none, `/a/` has `a` and an empty one. No part is `.` or `..`
  /// or holds a control character; a part may hold a slash that was sent as `%2F`.
  package let segments: [String]

  /// Reads the target of a request with this method.
  /// - Throws: `invalid_argument` that says what is malformed.
  package init(_ bytes: some Collection<UInt8>, method: HTTPRequest.Method) throws(StatusError) {
    if let bad = bytes.first(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x23 }) {
      throw StatusError(
        .invalidArgument,
        "the target holds '\([bad].printable)': only visible ASCII but '#' may stand in it; percent-encode the rest")
    }
    raw = String(decoding: bytes, as: UTF8.self)
    if raw == "*" {
      guard method == .options else {
        throw StatusError(.invalidArgument, "the target '*' is for OPTIONS only")
      }
      (form, path, query, segments) = (.asterisk, raw, nil, [])
      return
    }
    let (form, rest) = try RequestTarget.split(raw)
    self.form = form
    if let mark = rest.firstIndex(of: "?") {
      path = rest.startIndex == mark ? "/" : String(rest[..<mark])
      query = String(rest[rest.index(after: mark)...])
    } else {
      path = rest.isEmpty ? "/" : String(rest)
      query = nil
    }
    segments = try RequestTarget.segments(of: path)
  }

  /// The query's items.
  /// - Throws: as `QueryItems.init(parsing:)` does.
  package func queryItems() throws(StatusError) -> QueryItems {
    try QueryItems(parsing: query ?? "")
  }

  /// The form, and what follows the authority if one stands there.
  private static func split(_ raw: String) throws(StatusError) -> (Form, Substring) {
    if raw.hasPrefix("/") { return (.origin, raw[...]) }
    let scheme = raw.prefix { $0 != ":" }
    let rest = raw[scheme.endIndex...]
    let lowercased = scheme.lowercased()
    guard lowercased == "http" || lowercased == "https", rest.hasPrefix("://") else {
      throw StatusError(
        .invalidArgument, "target '\(raw.utf8.printable)' must start with '/' or 'http://'")
    }
    let afterScheme = rest.dropFirst(3)
    let authority = afterScheme.prefix { $0 != "/" && $0 != "?" }
    guard !authority.isEmpty, isHost(authority.utf8) else {
      throw StatusError(.invalidArgument, "target '\(raw.utf8.printable)' names no valid host")
    }
    return (.absolute(authority: String(authority)), afterScheme[authority.endIndex...])
  }

  private static func segments(of path: String) throws(StatusError) -> [String] {
    if path == "/" { return [] }
    var segments: [String] = []
    for part in path.utf8.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false) {
      guard let segment = PercentEncoding.decode(part) else {
        throw StatusError(
          .invalidArgument, "path part '\(part.printable)' is malformed: '%' needs two hexadecimal digits, and UTF-8")
      }
      guard segment.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw StatusError(
          .invalidArgument, "path part '\(part.printable)' holds a control character: it must hold none")
      }
      guard segment != ".", segment != ".." else {
        throw StatusError(.invalidArgument, "the path holds '\(part.printable)': send it without '.' and '..' parts")
      }
      segments.append(segment)
    }
    return segments
  }

  /// Whether bytes may be a host with an optional port (RFC 3986 section 3.2): no user information, no path.
  static func isHost(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      case 0x21, 0x24...0x2E, 0x3A, 0x3B, 0x3D, 0x5B, 0x5D, 0x5F, 0x7E: true
      default: false
      }
    }
  }
}
