import Platform

@testable import Loader

/// Any text as JSON. What was read and is written again reads as the same.
struct JSONTarget: FuzzTarget {
  init() {}

  func run(_ bytes: [UInt8]) {
    do throws(JSONScanner.Failure) {
      let value = try JSONValue(parsing: bytes)
      if let again = try? JSONValue(parsing: Array(text(value).utf8)) {
        promise(text(again) == text(value), "a value that changes when it is written and read")
      } else {
        promise(false, "a value that cannot be read again")
      }
    } catch {
      promiseOneLine(error.description)
      promise(error.line >= 1 && error.column >= 1, "a place before the text")
    }
    var scanner = JSONScanner(bytes, allowsTrailingCommas: true)
    do throws(JSONScanner.Failure) {
      _ = try scanner.value()
      try scanner.finish()
      for comma in scanner.trailingCommas { promise(bytes[comma] == UInt8(ascii: ","), "a comma that is none") }
    } catch {
      promiseOneLine(error.description)
    }
    var numbers = JSONScanner(bytes)
    if (try? numbers.integer()) == nil { _ = try? numbers.literal() }
  }

  /// The value as JSON.
  private func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): quoted(value)
    case .array(let elements): "[" + elements.map(text).joined(separator: ",") + "]"
    case .object(let object):
      "{" + object.members.map { quoted($0.key) + ":" + text($0.value) }.joined(separator: ",") + "}"
    }
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
      guard scalar.value < 0x20 else { return String(scalar) }
      return "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    }
    return "\"" + escaped.joined() + "\""
  }
}
