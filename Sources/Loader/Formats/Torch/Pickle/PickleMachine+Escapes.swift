extension PickleMachine {
  /// The line of a UNICODE opcode: Python's `raw-unicode-escape`, in which only `\u` and `\U` escape.
  mutating func unescapedUnicode() throws(PickleFailure) -> String {
    let line = Array(try rawLine())
    var scalars = String.UnicodeScalarView()
    var index = 0
    while index < line.count {
      let width = line[index] == 0x5C ? digitCount(line.dropFirst(index + 1).first) : 0
      guard width > 0 else {
        scalars.append(Unicode.Scalar(line[index]))
        index += 1
        continue
      }
      let digits = line[min(index + 2, line.count)..<min(index + 2 + width, line.count)]
      guard digits.count == width, let value = number(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
        throw .refused("has an escape in a text that means no character, before byte \(position)")
      }
      scalars.append(scalar)
      index += 2 + width
    }
    return String(scalars)
  }

  private func digitCount(_ letter: UInt8?) -> Int {
    switch letter {
    case UInt8(ascii: "u"): 4
    case UInt8(ascii: "U"): 8
    default: 0
    }
  }

  /// The line of a STRING opcode: a Python string literal in quotes.
  mutating func unescapedString() throws(PickleFailure) -> [UInt8] {
    let line = Array(try rawLine())
    guard line.count >= 2, let quote = line.first, quote == line.last, quote == 0x27 || quote == 0x22 else {
      throw .refused("has a string without quotes, before byte \(position)")
    }
    let body = Array(line[1..<line.count - 1])
    var bytes: [UInt8] = []
    var index = 0
    while index < body.count {
      if body[index] != 0x5C {
        bytes.append(body[index])
        index += 1
        continue
      }
      let (value, width) = try escape(body[(index + 1)...])
      bytes += value
      index += 1 + width
    }
    return bytes
  }

  /// What an escape means, and how many bytes it takes after the backslash.
  private func escape(_ rest: ArraySlice<UInt8>) throws(PickleFailure) -> ([UInt8], Int) {
    switch rest.first ?? 0 {
    case let quoted where quoted == 0x5C || quoted == 0x27 || quoted == 0x22: return ([quoted], 1)
    case 0x0A: return ([], 1)
    case 0x61: return ([0x07], 1)
    case 0x62: return ([0x08], 1)
    case 0x66: return ([0x0C], 1)
    case 0x6E: return ([0x0A], 1)
    case 0x72: return ([0x0D], 1)
    case 0x74: return ([0x09], 1)
    case 0x76: return ([0x0B], 1)
    case 0x78:
      let digits = rest.dropFirst().prefix(2)
      if digits.count == 2, let value = number(digits, radix: 16) { return ([UInt8(value)], 3) }
    case 0x30...0x37:
      let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
      if let value = number(digits, radix: 8) { return ([UInt8(truncatingIfNeeded: value)], digits.count) }
    default: break
    }
    throw .refused("has an unknown escape in a string, before byte \(position)")
  }

  private func number(_ digits: ArraySlice<UInt8>, radix: Int) -> UInt32? {
    UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
  }
}
