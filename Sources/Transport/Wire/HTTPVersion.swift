/// The versions of HTTP/1 that are spoken.
package enum HTTPVersion: Hashable, Sendable {
  case http10
  case http11

  /// The name as it stands in a head.
  package var name: String {
    switch self {
    case .http10: "HTTP/1.0"
    case .http11: "HTTP/1.1"
    }
  }

  /// What the bytes of a version name (RFC 9112 section 2.3).
  enum Reading: Hashable {
    case version(HTTPVersion)
    /// Well formed, but another major version.
    case unsupported
    case malformed
  }

  /// Reads `HTTP/` digit `.` digit. A later minor version of 1 is spoken to as 1.1.
  static func read(_ bytes: ArraySlice<UInt8>) -> Reading {
    let bytes = [UInt8](bytes)
    guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[6] == 0x2E,
      ASCII.isDigit(bytes[5]), ASCII.isDigit(bytes[7])
    else { return .malformed }
    guard bytes[5] == 0x31 else { return .unsupported }
    return .version(bytes[7] == 0x30 ? .http10 : .http11)
  }
}
