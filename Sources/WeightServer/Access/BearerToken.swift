import HTTPTypes
import Transport

/// The token that a request carries in `Authorization` (RFC 6750 section 2.1); other places, as the query, carry none.
enum BearerToken {
  /// Bytes that a token may have.
  private static let lengthLimit = 4096

  /// The token; nil where the request has no `Authorization`.
  /// - Throws: `unauthenticated` where that is something else than one token. What it was is not repeated.
  static func read(_ fields: HTTPFields) throws(StatusError) -> String? {
    let values = fields[values: .authorization]
    guard let value = values.first else { return nil }
    let words = value.split(separator: " ", omittingEmptySubsequences: true)
    guard values.count == 1, words.count == 2, ASCII.isEqual(words[0].utf8, ignoringCase: "Bearer"),
      words[1].utf8.count <= lengthLimit, words[1].utf8.allSatisfy(isTokenByte)
    else {
      throw StatusError(.unauthenticated, "Authorization is not 'Bearer TOKEN', once")
    }
    return String(words[1])
  }

  /// The characters of `b64token`.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2B, 0x2F, 0x3D: true
    default: false
    }
  }
}
