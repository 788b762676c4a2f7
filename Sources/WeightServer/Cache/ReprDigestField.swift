import Platform
import Transport

/// `Repr-Digest` and `Want-Repr-Digest` (RFC 9530, sections 3 and 4), for SHA-256.
enum ReprDigestField {
  /// The value that states a digest: a byte sequence of RFC 8941, section 3.3.5.
  static func value(_ digest: [UInt8]) -> String { "sha-256=:\(Base64.encode(digest)):" }

  /// Whether a `Want-Repr-Digest` asks for SHA-256: with a preference of 1 to 10; 0 is "not wanted". What is malformed asks for
  /// nothing, since the field is a wish that may be ignored.
  static func wantsSHA256(_ field: String) -> Bool {
    var wants = false
    for member in ASCII.list(field) {
      let parts = member.split(separator: 0x3D, maxSplits: 1)
      guard let name = parts.first, name.elementsEqual("sha-256".utf8) else { continue }
      // A member that stands twice counts as its last (RFC 8941, section 3.2).
      let value = parts.count == 2 ? Int(String(decoding: parts[1], as: UTF8.self)) : nil
      wants = value.map { (1...10).contains($0) } ?? false
    }
    return wants
  }
}
