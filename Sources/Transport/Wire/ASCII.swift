/// The character classes of HTTP (RFC 9110 section 5.6, RFC 3986 section 2), over bytes.
package enum ASCII {
  package static let tab: UInt8 = 0x09
  package static let lineFeed: UInt8 = 0x0A
  package static let carriageReturn: UInt8 = 0x0D
  package static let space: UInt8 = 0x20

  /// Whether a byte may stand in a token: a method, a field name (RFC 9110 section 5.6.2).
  @inlinable
  package static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
  }

  /// Whether a byte may stand in a field value: visible, space, tab, or above ASCII (RFC 9110 section 5.5).
  @inlinable
  package static func isFieldValue(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == tab
  }

  /// Whether a byte is one of `0` to `9`.
  @inlinable
  package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// Whether a byte is optional white space: a space or a tab.
  @inlinable
  package static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// The value of a hexadecimal digit, nil for any other byte.
  @inlinable
  package static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// The number that a run of one or more digits spells; nil for anything else and above `Int.max`.
  package static func decimal(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty else { return nil }
    var value = 0
    for byte in digits {
      guard isDigit(byte) else { return nil }
      let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(Int(byte - 0x30))
      if productOverflow || sumOverflow { return nil }
      value = sum
    }
    return value
  }

  /// The bytes without spaces and tabs at either end.
  package static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, isWhitespace(first) { bytes.removeFirst() }
    while let last = bytes.last, isWhitespace(last) { bytes.removeLast() }
    return bytes
  }

  /// The elements of a comma-separated list, trimmed, empty ones left out (RFC 9110 section 5.6.1).
  package static func list(_ text: String) -> [ArraySlice<UInt8>] {
    [UInt8](text.utf8)[...].split(separator: 0x2C).map(trim).filter { !$0.isEmpty }
  }

  /// Whether two texts are equal when ASCII letters are compared without case.
  package static func isEqual(_ bytes: some Collection<UInt8>, ignoringCase other: StaticString) -> Bool {
    let other = other.description.utf8
    return bytes.count == other.count && zip(bytes, other).allSatisfy { lowercase($0) == lowercase($1) }
  }

  /// A letter in lower case; any other byte as it is.
  @inlinable
  package static func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }
}

extension Collection<UInt8> {
  /// The bytes as they may stand in a message: visible ASCII as it is, any other byte as `\xNN`, cut after 100 bytes.
  package var printable: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in prefix(100) {
      if (0x20...0x7E).contains(byte), byte != 0x5C {
        text.append(byte)
      } else {
        text += [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self) + (count > 100 ? "..." : "")
  }
}
