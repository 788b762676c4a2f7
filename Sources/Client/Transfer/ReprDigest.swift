internal import Transport

/// The SHA-256 that a `Repr-Digest` field states (RFC 9530, section 3).
enum ReprDigest {
  /// The 32 bytes of the field's `sha-256` member; nil where it has none or it is malformed.
  static func sha256(in field: String) -> [UInt8]? {
    for member in ASCII.list(field) {
      let parts = member.split(separator: 0x3D, maxSplits: 1)
      guard parts.count == 2, parts[0].elementsEqual("sha-256".utf8) else { continue }
      // A byte sequence of RFC 8941, section 3.3.5: base64 between colons.
      let value = ASCII.trim(parts[1])
      guard value.count >= 2, value.first == 0x3A, value.last == 0x3A else { return nil }
      guard let bytes = base64(value.dropFirst().dropLast()), bytes.count == 32 else { return nil }
      return bytes
    }
    return nil
  }

  /// Decodes base64 (RFC 4648, section 4), with its padding.
  private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let digits = text.prefix { $0 != 0x3D }
    guard text.count % 4 == 0, text.count - digits.count <= 2, text[digits.endIndex...].allSatisfy({ $0 == 0x3D })
    else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5A: UInt32(digit - 0x41)
    case 0x61...0x7A: UInt32(digit - 0x61 + 26)
    case 0x30...0x39: UInt32(digit - 0x30 + 52)
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }
}
