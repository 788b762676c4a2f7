/// A pull parser of JSON (RFC 8259) over bytes: order is kept, nothing is copied that is not asked for, and nothing is trusted.
///
/// `JSONDecoder` would keep one of two equal keys silently and lose their order; both matter in a checkpoint's header.
public struct JSONScanner: Sendable {
  let bytes: [UInt8]
  private(set) var position = 0
  private var depth = 0
  /// Whether a comma before a closing bracket is passed over, as in the JSON of DeepSpeed's tutorial.
  let allowsTrailingCommas: Bool
  /// Offsets of the commas that were passed over so.
  public private(set) var trailingCommas: [Int] = []

  /// Brackets that may be open at once.
  public static let depthLimit = 64

  /// What was wrong with a text, and where.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found or wanted.
    public let problem: String
    /// The line, from 1.
    public let line: Int
    /// The byte in the line, from 1.
    public let column: Int

    /// The failure as one line.
    public var description: String { "not valid JSON: \(problem) at line \(line), column \(column)" }
  }

  /// Starts at the first byte of a text.
  public init(_ bytes: [UInt8], allowsTrailingCommas: Bool = false) {
    self.bytes = bytes
    self.allowsTrailingCommas = allowsTrailingCommas
  }

  // MARK: Structure

  /// Passes over `{`.
  public mutating func beginObject() throws(Failure) {
    try open(0x7B, "'{'")
  }

  /// The next key of the object that was begun, its colon passed over; nil where the object ends.
  public mutating func nextKey(first: inout Bool) throws(Failure) -> String? {
    guard try continues(first: &first, closing: 0x7D) else { return nil }
    guard peek() == 0x22 else { throw failure("a key in double quotes is expected, \(found())") }
    let key = try string()
    skipWhitespace()
    try expect(0x3A, "':' after a key")
    return key
  }

  /// Passes over `[`.
  public mutating func beginArray() throws(Failure) {
    try open(0x5B, "'['")
  }

  /// Whether another element of the array that was begun follows.
  public mutating func nextElement(first: inout Bool) throws(Failure) -> Bool {
    try continues(first: &first, closing: 0x5D)
  }

  /// Checks that nothing but white space follows.
  public mutating func finish() throws(Failure) {
    skipWhitespace()
    if position < bytes.count { throw failure("nothing may follow the value, \(found())") }
  }

  // MARK: Values

  /// The first byte of the next value, left in place; nil at the end.
  public mutating func peekValue() -> UInt8? {
    skipWhitespace()
    return peek()
  }

  /// A string.
  public mutating func string() throws(Failure) -> String {
    skipWhitespace()
    try expect(0x22, "a string")
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 {
        defer { position += 1 }
        return try text(bytes[start..<position])
      }
      if byte == 0x5C { return try escapedString(from: start) }
      if byte < 0x20 { throw failure("a control character in a string must be escaped, \(found())") }
      position += 1
    }
    throw failure("the text ends inside a string")
  }

  /// A number that is an integer and fits; its exponent and fraction, if any, must not be there.
  public mutating func integer() throws(Failure) -> Int {
    skipWhitespace()
    let start = position
    if case .integer(let value) = try number() { return value }
    position = start
    throw failure("a whole number of at most 63 bits is expected, \(found())")
  }

  /// A number.
  public mutating func number() throws(Failure) -> JSONValue {
    skipWhitespace()
    let start = position
    if peek() == 0x2D { position += 1 }
    guard let digit = peek(), isDigit(digit) else { throw failure("a number is expected, \(found())") }
    position += 1
    if digit == 0x30 {
      if let next = peek(), isDigit(next) { throw failure("a number may not begin with 0, \(found())") }
    } else {
      skipDigits()
    }
    var isWhole = true
    if peek() == 0x2E {
      isWhole = false
      position += 1
      try digits("digits after the decimal point")
    }
    if let byte = peek(), byte | 0x20 == 0x65 {
      isWhole = false
      position += 1
      if let sign = peek(), sign == 0x2B || sign == 0x2D { position += 1 }
      try digits("digits in the exponent")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      position = start
      throw failure("the number is out of range")
    }
    return .number(value)
  }

  /// Passes over `true`, `false` or `null`, answering it.
  public mutating func literal() throws(Failure) -> JSONValue {
    skipWhitespace()
    for (word, value) in [("true", JSONValue.boolean(true)), ("false", .boolean(false)), ("null", .null)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw failure("a value is expected, \(found())")
  }

  /// Passes over any value, checking it.
  public mutating func skipValue() throws(Failure) {
    _ = try value()
  }

  // MARK: Failures

  /// A failure at a position (the next byte's by default).
  public func failure(_ problem: String, at offset: Int? = nil) -> Failure {
    let offset = min(offset ?? position, bytes.count)
    let before = bytes[..<offset]
    let line = before.count { $0 == 0x0A } + 1
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return Failure(problem: problem, line: line, column: offset - start + 1)
  }

  private func found() -> String {
    guard let byte = peek() else { return "and the text ends" }
    return byte > 0x20 && byte < 0x7F
      ? "not '\(Character(Unicode.Scalar(byte)))'" : "not byte 0x\([byte].hexadecimalText)"
  }

  // MARK: Bytes

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }
  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func skipDigits() {
    while let byte = peek(), isDigit(byte) { position += 1 }
  }

  private mutating func digits(_ what: String) throws(Failure) {
    guard let byte = peek(), isDigit(byte) else { throw failure("\(what) are expected, \(found())") }
    skipDigits()
  }

  private mutating func expect(_ byte: UInt8, _ what: String) throws(Failure) {
    guard peek() == byte else { throw failure("\(what) is expected, \(found())") }
    position += 1
  }

  private mutating func open(_ bracket: UInt8, _ what: String) throws(Failure) {
    skipWhitespace()
    try expect(bracket, what)
    depth += 1
    if depth > JSONScanner.depthLimit { throw failure("brackets are nested more than \(JSONScanner.depthLimit) deep") }
  }

  private mutating func continues(first: inout Bool, closing: UInt8) throws(Failure) -> Bool {
    skipWhitespace()
    if peek() == closing {
      position += 1
      depth -= 1
      return false
    }
    if first {
      first = false
      return true
    }
    let comma = position
    try expect(0x2C, "',' or '\(Character(Unicode.Scalar(closing)))'")
    skipWhitespace()
    if peek() == closing {
      guard allowsTrailingCommas else {
        throw failure("no comma may stand before '\(Character(Unicode.Scalar(closing)))'", at: comma)
      }
      trailingCommas.append(comma)
      position += 1
      depth -= 1
      return false
    }
    return true
  }

  private func text(_ slice: ArraySlice<UInt8>) throws(Failure) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else { throw failure("a string is not UTF-8") }
    return text
  }

  private mutating func escapedString(from start: Int) throws(Failure) -> String {
    var unescaped = Array(bytes[start..<position])
    while let byte = peek() {
      position += 1
      switch byte {
      case 0x22: return try text(unescaped[...])
      case 0x5C: try unescape(into: &unescaped)
      case ..<0x20:
        position -= 1
        throw failure("a control character in a string must be escaped, \(found())")
      default: unescaped.append(byte)
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func unescape(into result: inout [UInt8]) throws(Failure) {
    guard let byte = peek() else { throw failure("the text ends inside a string") }
    position += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: result.append(byte)
    case 0x62: result.append(0x08)
    case 0x66: result.append(0x0C)
    case 0x6E: result.append(0x0A)
    case 0x72: result.append(0x0D)
    case 0x74: result.append(0x09)
    case 0x75: result.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    default:
      position -= 1
      throw failure("an unknown escape in a string, \(found())")
    }
  }

  private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
    let high = try fourDigits()
    guard (0xD800..<0xE000).contains(high) else {
      guard let scalar = Unicode.Scalar(high) else { throw failure("an escape is no character") }
      return scalar
    }
    guard high < 0xDC00, peek() == 0x5C, position + 1 < bytes.count, bytes[position + 1] == 0x75 else {
      throw failure("half of a surrogate pair in a string")
    }
    position += 2
    let low = try fourDigits()
    guard (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw failure("half of a surrogate pair in a string") }
    return scalar
  }

  private mutating func fourDigits() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits are expected after \\u, \(found())")
      }
      position += 1
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}

extension [UInt8] {
  fileprivate var hexadecimalText: String {
    map { (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined()
  }
}
