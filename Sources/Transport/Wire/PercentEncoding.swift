/// Percent-encoding of URIs (RFC 3986 section 2.1).
package enum PercentEncoding {
  /// Decodes `%XX`, and `+` as a space where asked.
  /// - Returns: nil where a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
  package static func decode(_ bytes: some Collection<UInt8>, plusAsSpace: Bool = false) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      if byte == 0x25 {
        guard let first = iterator.next(), let high = ASCII.hexadecimalValue(first),
          let second = iterator.next(), let low = ASCII.hexadecimalValue(second)
        else { return nil }
        decoded.append(high << 4 | low)
      } else {
        decoded.append(plusAsSpace && byte == 0x2B ? ASCII.space : byte)
      }
    }
    return String(validating: decoded, as: UTF8.self)
  }

  /// Encodes all bytes of the text's UTF-8 but the unreserved ones and those of `also`.
  package static func encode(_ text: String, leaving also: String = "") -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: encoded.append(byte)
      case _ where also.utf8.contains(byte): encoded.append(byte)
      default: encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
