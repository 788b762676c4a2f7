import Loader

/// One key of the configuration: its path, and how a value that was given for it is taken.
struct Setting: Sendable {
  /// The key's path, such as `limits.connections`.
  let path: String
  /// Takes a value.
  /// - Throws: what would be right, as a phrase that completes "is … ; it is".
  let take: @Sendable (SettingValue, inout Configuration) throws(SettingFailure) -> Void

  /// The name of its environment variable: `WEIGHT_SERVER_LIMITS_CONNECTIONS`.
  var variable: String {
    Setting.variablePrefix + path.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
  }

  static let variablePrefix = "WEIGHT_SERVER_"
}

/// What would have been right.
struct SettingFailure: Error {
  let expected: String
}

/// A value as a layer gives it: a text, a list, or the checkpoints' own shape.
enum SettingValue: Sendable {
  /// A scalar.
  case text(String)
  /// A list of scalars.
  case list([String])
  /// Checkpoints, as the file lists them.
  case sources([Configuration.Source])

  /// The scalar.
  func text() throws(SettingFailure) -> String {
    guard case .text(let text) = self else { throw SettingFailure(expected: "one value, not a list") }
    return text
  }

  /// A list; a single text is split at commas, as an environment variable gives it.
  func list() throws(SettingFailure) -> [String] {
    switch self {
    case .list(let elements): return elements
    case .text(let text):
      let parts = text.split(separator: ",").map { $0.drop { $0 == " " } }
      return parts.map { part in String(part.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
    case .sources: throw SettingFailure(expected: "a list of texts")
    }
  }

  /// A whole number in a range.
  func integer(in range: ClosedRange<Int>) throws(SettingFailure) -> Int {
    guard let value = Int(try text()), range.contains(value) else {
      throw SettingFailure(expected: "a whole number in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// A list of whole numbers in a range.
  func integers(in range: ClosedRange<Int>) throws(SettingFailure) -> [Int] {
    var numbers: [Int] = []
    for text in try list() {
      guard let number = Int(text), range.contains(number) else {
        throw SettingFailure(expected: "a list of whole numbers in \(range.lowerBound)...\(range.upperBound)")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// A time in seconds, with a fraction or without, of at most a year.
  func seconds() throws(SettingFailure) -> Duration {
    guard let value = Double(try text()), value >= 0.001, value <= 31_536_000 else {
      throw SettingFailure(expected: "a time in seconds, from 0.001 to 31536000")
    }
    return .milliseconds(Int64(value * 1000))
  }

  /// One of some names.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) throws(SettingFailure) -> Choice {
    guard let choice = Choice(rawValue: try text()) else {
      throw SettingFailure(expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }
}
