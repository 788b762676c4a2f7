/// The plain values among a training script's `args`: what `config.json` is made from.
public struct TrainingArguments: Sendable, Hashable {
  private var values: [String: Value] = [:]

  /// A plain value.
  enum Value: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case text(String)
    case boolean(Bool)
    /// The first of several whole numbers.
    case first(Int)
  }

  /// Values that are kept: more is not what training scripts write.
  private static let limit = 10_000

  /// Known values; none by default.
  init(_ values: [String: Value] = [:]) {
    self.values = values
  }

  /// The plain values of a namespace's attributes.
  init(_ namespace: InertValue) {
    for key in namespace.keys.prefix(TrainingArguments.limit) {
      guard let value = namespace[key] else { continue }
      if let boolean = value.asBoolean {
        values[key] = .boolean(boolean)
      } else if let integer = value.asInteger {
        values[key] = .integer(integer)
      } else if let number = value.asNumber {
        values[key] = .number(number)
      } else if let integers = value.asIntegers, let first = integers.first {
        values[key] = .first(first)
      } else if let text = value.asText, text.utf8.count <= 1024 {
        values[key] = .text(text)
      }
    }
  }

  /// Whether there are none.
  var isEmpty: Bool { values.isEmpty }

  /// A truth value; nil where it is absent or something else.
  func boolean(_ key: String) -> Bool? {
    if case .boolean(let value)? = values[key] { value } else { nil }
  }

  /// A whole number from 1 up; nil where it is absent or something else.
  func count(_ key: String) -> Int? {
    if case .integer(let value)? = values[key], value > 0, value <= Int(Int32.max) { value } else { nil }
  }

  /// The first of some whole numbers, where it is from 1 up: the left part of a `window_size`.
  func firstCount(_ key: String) -> Int? {
    if case .first(let value)? = values[key], value > 0, value <= Int(Int32.max) { return value }
    return count(key)
  }

  /// A number; nil where it is absent or something else.
  func number(_ key: String) -> Double? {
    switch values[key] {
    case .integer(let value)?: Double(value)
    case .number(let value)?: value
    default: nil
    }
  }

  /// A text; nil where it is absent or something else.
  func text(_ key: String) -> String? {
    if case .text(let value)? = values[key] { value } else { nil }
  }
}
