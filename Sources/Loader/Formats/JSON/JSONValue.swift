/// A JSON value in memory: for the small texts (manifests, configurations, indices), with the order of keys kept.
public indirect enum JSONValue: Sendable, Hashable {
  /// `null`.
  case null
  /// `true` or `false`.
  case boolean(Bool)
  /// A number with no fraction and no exponent that fits 64 bits.
  case integer(Int)
  /// Any other finite number.
  case number(Double)
  /// A string.
  case text(String)
  /// An array.
  case array([JSONValue])
  /// An object: its keys are distinct.
  case object(JSONObject)

  /// Parses a whole text.
  /// - Parameter allowsTrailingCommas: whether a comma may stand before a closing bracket, as people leave them.
  /// - Throws: `JSONScanner.Failure`, with line and column.
  public init(parsing bytes: [UInt8], allowsTrailingCommas: Bool = false) throws(JSONScanner.Failure) {
    var scanner = JSONScanner(bytes, allowsTrailingCommas: allowsTrailingCommas)
    self = try scanner.value()
    try scanner.finish()
  }

  /// The value of a key, where this is an object that has it.
  public subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// The number, where it is whole (`2` and `2.0` alike).
  public var asInteger: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number.
  public var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The string.
  public var asText: String? { if case .text(let value) = self { value } else { nil } }
  /// The truth value.
  public var asBoolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The elements.
  public var asArray: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The object.
  public var asObject: JSONObject? { if case .object(let value) = self { value } else { nil } }
  /// Whether it is `null`.
  public var isNull: Bool { self == .null }

  /// What kind of value it is, for messages.
  public var kind: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "\"\(value.escaped)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The keys and values of a JSON object, in their order in the text.
public struct JSONObject: Sendable, Hashable {
  /// Keys and values in order; keys are distinct.
  public private(set) var members: [(key: String, value: JSONValue)] = []
  private var indices: [String: Int] = [:]

  /// An empty object.
  public init() {}

  /// The value of a key.
  public subscript(key: String) -> JSONValue? { indices[key].map { members[$0].value } }

  /// Adds a key; false, and nothing added, where it is there already.
  mutating func insert(_ key: String, _ value: JSONValue) -> Bool {
    if indices[key] != nil { return false }
    indices[key] = members.count
    members.append((key, value))
    return true
  }

  /// Whether both hold the same, in the same order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.elementsEqual(right.members) { $0.key == $1.key && $0.value == $1.value }
  }

  /// Feeds what equality looks at.
  public func hash(into hasher: inout Hasher) {
    for member in members {
      hasher.combine(member.key)
      hasher.combine(member.value)
    }
  }
}

extension JSONScanner {
  /// Any value, in memory. Equal keys of an object are refused.
  public mutating func value() throws(Failure) -> JSONValue {
    switch peekValue() {
    case 0x7B:
      return .object(try object())
    case 0x5B:
      try beginArray()
      var elements: [JSONValue] = []
      var first = true
      while try nextElement(first: &first) { elements.append(try value()) }
      return .array(elements)
    case 0x22:
      return .text(try string())
    case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39:
      return try number()
    default:
      return try literal()
    }
  }

  private mutating func object() throws(Failure) -> JSONObject {
    try beginObject()
    var object = JSONObject()
    var first = true
    while let key = try nextKey(first: &first) {
      let end = position
      guard object.insert(key, try value()) else { throw failure("key \"\(key.escaped)\" stands twice", at: end) }
    }
    return object
  }
}
