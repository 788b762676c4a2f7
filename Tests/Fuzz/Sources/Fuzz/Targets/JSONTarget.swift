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
        promise(again == value && again.hashValue == value.hashValue, "equal values that are not")
        visit(value)
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
    pull(bytes)
  }

  /// The same text read piece by piece, as a safetensors header is: what is passed over is what is read.
  private func pull(_ bytes: [UInt8]) {
    var numbers = JSONScanner(bytes)
    if (try? numbers.integer()) == nil { _ = try? numbers.literal() }
    var scanner = JSONScanner(bytes)
    let isWhole = (try? scanner.skipValue()) != nil && (try? scanner.finish()) != nil
    promise(isWhole == ((try? JSONValue(parsing: bytes)) != nil), "a value that is passed over but not read, or not")
    var array = JSONScanner(bytes)
    guard (try? array.beginArray()) != nil else { return }
    var first = true
    while (try? array.nextElement(first: &first)) == true {
      guard (try? array.skipValue()) != nil else { return }
    }
  }

  /// Everything that can be asked of a value.
  private func visit(_ value: JSONValue) {
    promiseOneLine(value.kind)
    promise(value.asInteger == nil || value.asNumber != nil, "an integer that is no number")
    promise(
      value.isNull || value.asText != nil || value.asBoolean != nil || value.asNumber != nil
        || value.asArray != nil || value.asObject != nil, "a value that is nothing")
    for element in value.asArray ?? [] { visit(element) }
    for (key, member) in value.asObject?.members ?? [] {
      promise(value[key] == member, "a member that is not found by its key")
      visit(member)
    }
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
