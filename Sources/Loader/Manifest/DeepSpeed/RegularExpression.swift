/// A regular expression of Python as a pattern of names, where it is one of the simple ones that DeepSpeed's hints are.
///
/// Source: DeepSpeed `checkpoint/ds_to_universal.py`, `merge_tp_slices`, matches them with `re.match`: at the beginning of a name,
/// with anything behind.
enum RegularExpression {
  /// The pattern; nil for an expression with more than texts, `\d+`, `.`, `.*`, groups of plain alternatives and anchors.
  static func pattern(_ expression: String) -> NamePattern? {
    var rest = Array(expression.utf8)[...]
    if rest.first == UInt8(ascii: "^") { rest = rest.dropFirst() }
    var text = ""
    var isAnchored = false
    while let byte = rest.first {
      if rest.elementsEqual("$".utf8) {
        isAnchored = true
        break
      }
      if let found = numbers.first(where: { rest.starts(with: $0.utf8) }) {
        text += "#"
        rest = rest.dropFirst(found.utf8.count)
      } else if rest.starts(with: ".*".utf8) {
        text += "*"
        rest = rest.dropFirst(2)
      } else if let (choice, length) = alternatives(rest) {
        text += choice
        rest = rest.dropFirst(length)
      } else {
        let isEscaped = byte == UInt8(ascii: "\\")
        let literal = isEscaped ? rest.dropFirst().first : byte
        let length = isEscaped ? 2 : 1
        guard let literal, !isRepeated(rest.dropFirst(length)) else { return nil }
        if !isEscaped, byte == UInt8(ascii: ".") {
          text += "?"
        } else if isName(literal), !isEscaped || !isWordEscape(literal) {
          text.unicodeScalars.append(Unicode.Scalar(literal))
        } else {
          return nil
        }
        rest = rest.dropFirst(length)
      }
    }
    return NamePattern(isAnchored || text.hasSuffix("*") ? text : text + "*")
  }

  private static let numbers = ["\\d+", "[0-9]+", "(\\d+)", "([0-9]+)"]

  private static func isRepeated(_ rest: ArraySlice<UInt8>) -> Bool {
    rest.first.map { "*+?{".utf8.contains($0) } ?? false
  }

  /// `\d`, `\w` and their like mean classes.
  private static func isWordEscape(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// Characters of names that mean themselves in both.
  private static func isName(_ byte: UInt8) -> Bool {
    isWordEscape(byte) || "._-/:".utf8.contains(byte)
  }

  /// `(a|b)` or `(?:a|b)` of plain texts as a choice, and its length.
  private static func alternatives(_ rest: ArraySlice<UInt8>) -> (choice: String, length: Int)? {
    guard rest.first == UInt8(ascii: "("), let end = rest.firstIndex(of: UInt8(ascii: ")")) else { return nil }
    var inside = rest[(rest.startIndex + 1)..<end]
    if inside.starts(with: "?:".utf8) { inside = inside.dropFirst(2) }
    guard inside.allSatisfy({ isWordEscape($0) || "_-|".utf8.contains($0) }), !isRepeated(rest[(end + 1)...]) else {
      return nil
    }
    let texts = String(decoding: inside, as: UTF8.self).split(separator: "|", omittingEmptySubsequences: false)
    return ("{\(texts.joined(separator: ","))}", end - rest.startIndex + 1)
  }
}
