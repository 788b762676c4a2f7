/// A parser for the few Python literals that `.npy` headers are made of: a dictionary of texts to texts, truth values and tuples
/// of integers. A text in brackets stands for any list, which only structured dtypes have.
struct PythonLiteral {
  /// A value.
  enum Value: Hashable, Sendable {
    /// A text in quotes, without escapes.
    case text(String)
    /// `True` or `False`.
    case boolean(Bool)
    /// A tuple of integers.
    case integers([Int])
    /// A list, which is passed over.
    case list
  }

  private let bytes: [UInt8]
  private var position = 0

  /// A parser of these bytes.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The dictionary that all of the bytes are, apart from white space around it; nil where they are anything else.
  mutating func dictionary() -> [(key: String, value: Value)]? {
    guard take(UInt8(ascii: "{")) else { return nil }
    var entries: [(key: String, value: Value)] = []
    while !take(UInt8(ascii: "}")) {
      guard let key = text(), take(UInt8(ascii: ":")), let value = value() else { return nil }
      entries.append((key, value))
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { return nil }
      break
    }
    skipSpace()
    return position == bytes.count ? entries : nil
  }

  private mutating func value() -> Value? {
    skipSpace()
    switch peek {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return text().map { .text($0) }
    case UInt8(ascii: "("): return integers().map { .integers($0) }
    case UInt8(ascii: "["): return passList() ? .list : nil
    default:
      if take(word: "True") { return .boolean(true) }
      return take(word: "False") ? .boolean(false) : nil
    }
  }

  private mutating func text() -> String? {
    skipSpace()
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    let rest = bytes[(position + 1)...]
    guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else { return nil }
    position = end + 1
    return String(validating: rest[..<end], as: UTF8.self)
  }

  /// `()`, `(3,)`, `(3, 4)`, `(3, 4,)`; Python 2 wrote `3L`. `(3)` is no tuple.
  private mutating func integers() -> [Int]? {
    guard take(UInt8(ascii: "(")) else { return nil }
    var values: [Int] = []
    var hasComma = false
    while !take(UInt8(ascii: ")")) {
      guard values.isEmpty || hasComma, let value = integer() else { return nil }
      values.append(value)
      hasComma = take(UInt8(ascii: ","))
    }
    return values.count == 1 && !hasComma ? nil : values
  }

  private mutating func integer() -> Int? {
    skipSpace()
    let digits = bytes[position...].prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    guard digits.count <= 20, let value = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    position = digits.endIndex
    if peek == UInt8(ascii: "L") { position += 1 }
    return value
  }

  /// Passes over a list by its brackets: a quoted bracket only makes the header unreadable, as a structured dtype is anyway.
  private mutating func passList() -> Bool {
    var depth = 0
    while let byte = peek {
      position += 1
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
      if depth == 0 { return true }
    }
    return false
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }
}
