/// Reads the texts of an XML answer's elements: what S3 writes, which has no attributes that matter, and nothing that refers to anything
/// outside. A document type, a processing instruction but the declaration, or an unknown entity is refused.
struct XMLReader {
  /// What comes next in a document.
  enum Event: Equatable {
    /// A start tag's name, its prefix apart.
    case start(String)
    /// The text before the next tag, entities resolved.
    case text(String)
    /// An end tag's name, its prefix apart.
    case end(String)
  }

  /// Why a document is refused.
  struct Failure: Error {
    let message: String
  }

  private let bytes: [UInt8]
  private var position = 0
  private var pendingEnd: String?

  /// Starts a document.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The next event; nil at the end.
  mutating func next() throws(Failure) -> Event? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name)
    }
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "<") else { return .text(try text()) }
      let rest = bytes[position...]
      if rest.starts(with: "<?xml ".utf8) {
        try skip(past: "?>")
      } else if rest.starts(with: "<!--".utf8) {
        try skip(past: "-->")
      } else if rest.starts(with: "<!".utf8) || rest.starts(with: "<?".utf8) {
        throw Failure(message: "a document type or instruction at byte \(position)")
      } else {
        return try tag()
      }
    }
    return nil
  }

  private mutating func tag() throws(Failure) -> Event {
    guard let close = bytes[position...].firstIndex(of: UInt8(ascii: ">")) else {
      throw Failure(message: "a tag without an end at byte \(position)")
    }
    var inside = bytes[(position + 1)..<close]
    position = close + 1
    let isEnd = inside.first == UInt8(ascii: "/")
    if isEnd { inside = inside.dropFirst() }
    let isEmpty = !isEnd && inside.last == UInt8(ascii: "/")
    if isEmpty { inside = inside.dropLast() }
    var name = inside.prefix { $0 > 0x20 }
    if let colon = name.lastIndex(of: UInt8(ascii: ":")) { name = name[(colon + 1)...] }
    guard !name.isEmpty, let text = String(validating: name, as: UTF8.self) else {
      throw Failure(message: "a tag without a name before byte \(position)")
    }
    if isEmpty { pendingEnd = text }
    return isEnd ? .end(text) : .start(text)
  }

  private mutating func text() throws(Failure) -> String {
    let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
    var result: [UInt8] = []
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "&") {
        guard let semicolon = bytes[position..<min(position + 12, end)].firstIndex(of: UInt8(ascii: ";")) else {
          throw Failure(message: "an entity without an end at byte \(position)")
        }
        result += try entity(bytes[(position + 1)..<semicolon])
        position = semicolon + 1
      } else {
        result.append(byte)
        position += 1
      }
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw Failure(message: "a text that is no UTF-8 before byte \(position)")
    }
    return text
  }

  private func entity(_ name: ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    switch text {
    case "lt": return Array("<".utf8)
    case "gt": return Array(">".utf8)
    case "amp": return Array("&".utf8)
    case "quot": return Array("\"".utf8)
    case "apos": return Array("'".utf8)
    default:
      let number = text.hasPrefix("#x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text.dropFirst())
      guard text.hasPrefix("#"), let number, let scalar = Unicode.Scalar(number) else {
        throw Failure(message: "an unknown entity before byte \(position)")
      }
      return Array(String(Character(scalar)).utf8)
    }
  }

  private mutating func skip(past mark: String) throws(Failure) {
    guard let range = bytes[position...].firstRange(of: Array(mark.utf8)) else {
      throw Failure(message: "no \(mark) after byte \(position)")
    }
    position = range.upperBound
  }
}
