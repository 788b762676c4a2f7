/// Writes one JSON text (RFC 8259) front to back into bytes; commas and escapes are its own care.
///
///     var writer = JSONWriter()
///     writer.object {
///       $0.member("name", "llama")
///       $0.key("degrees")
///       $0.array { for degree in [1, 2, 4] { $0.integer(degree) } }
///     }
///
/// Calls must nest as JSON does: inside `object`, each value follows a `key`. Non-finite numbers become `null`.
package struct JSONWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []
  /// Whether the next value or key is separated from one before it.
  private var needsComma = false

  /// Starts an empty text.
  package init() {}

  /// An object; `body` writes its members.
  package mutating func object<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
    try nest(open: 0x7B, close: 0x7D, body)
  }

  /// An array; `body` writes its elements.
  package mutating func array<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
    try nest(open: 0x5B, close: 0x5D, body)
  }

  /// An array of texts.
  package mutating func array(_ elements: some Sequence<String>) {
    array { for element in elements { $0.string(element) } }
  }

  /// An array of integers.
  package mutating func array(_ elements: some Sequence<Int>) {
    array { for element in elements { $0.integer(element) } }
  }

  /// The name of the member whose value is written next.
  package mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(0x3A)
    needsComma = false
  }

  /// A text.
  package mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  /// An integer.
  package mutating func integer(_ value: some BinaryInteger) { literal(String(value)) }

  /// A number; `null` where it is infinite or not a number.
  package mutating func number(_ value: Double) { literal(value.isFinite ? value.description : "null") }

  /// `true` or `false`.
  package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

  /// `null`.
  package mutating func null() { literal("null") }

  /// A value that is JSON already.
  package mutating func raw(_ json: [UInt8]) {
    separate()
    bytes += json
  }

  /// A member with a text, or with `null`.
  package mutating func member(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }

  /// A member with an integer, or with `null`.
  package mutating func member(_ name: String, _ value: (some BinaryInteger)?) {
    key(name)
    if let value { integer(value) } else { null() }
  }

  /// A member with a number.
  package mutating func member(_ name: String, _ value: Double) {
    key(name)
    number(value)
  }

  /// A member with a truth value.
  package mutating func member(_ name: String, _ value: Bool) {
    key(name)
    bool(value)
  }

  private mutating func nest<Failure: Error>(
    open: UInt8, close: UInt8, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    separate()
    bytes.append(open)
    needsComma = false
    try body(&self)
    bytes.append(close)
    needsComma = true
  }

  private mutating func literal(_ text: String) {
    separate()
    bytes += text.utf8
  }

  private mutating func separate() {
    if needsComma { bytes.append(0x2C) }
    needsComma = true
  }

  private mutating func quote(_ text: String) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: bytes += [0x5C, byte]
      case 0x08: bytes += [0x5C, 0x62]
      case 0x09: bytes += [0x5C, 0x74]
      case 0x0A: bytes += [0x5C, 0x6E]
      case 0x0C: bytes += [0x5C, 0x66]
      case 0x0D: bytes += [0x5C, 0x72]
      case 0..<0x20, 0x7F:
        let digits = Array("0123456789abcdef".utf8)
        bytes += [0x5C, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
