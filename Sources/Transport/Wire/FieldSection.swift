import HTTPTypes

/// The field lines of a head or of trailers, taken in one by one under limits (RFC 9112 section 5).
struct FieldSection: Sendable {
  /// The fields in the order they came.
  private(set) var fields = HTTPFields()
  private var bytes = 0
  private let limits: HeadLimits

  init(limits: HeadLimits) {
    self.limits = limits
  }

  /// Bytes that the next line may have before it passes the limit of all lines together.
  var remainingBytes: Int { limits.fieldBytes - bytes }

  /// The error for a section that has too many bytes.
  var tooLarge: StatusError {
    StatusError(
      .resourceExhausted, "the header fields are larger than \(limits.fieldBytes) bytes: send fewer or shorter ones",
      status: .requestHeaderFieldsTooLarge, limit: .headBytes)
  }

  /// Adds a line without its end.
  mutating func append(_ line: ArraySlice<UInt8>) throws(StatusError) {
    bytes += line.count + 2
    if bytes > limits.fieldBytes { throw tooLarge }
    if fields.count >= limits.fieldCount {
      throw StatusError(
        .resourceExhausted, "there are more than \(limits.fieldCount) header fields: send fewer",
        status: .requestHeaderFieldsTooLarge, limit: .headFields)
    }
    let field = try FieldSection.parse(line)
    if FieldSection.isSingleton(field.name), fields.contains(field.name) {
      throw StatusError(
        .invalidArgument, "\(field.name.rawName.utf8.printable) stands twice: it must stand once")
    }
    fields.append(field)
  }

  /// Fields that decide where a message ends or whom it is for: a second one is an attack or a fault (RFC 9112 section 11.2).
  private static func isSingleton(_ name: HTTPField.Name) -> Bool {
    switch name.canonicalName {
    case "host", "content-length", "transfer-encoding": true
    default: false
    }
  }

  /// Reads `name: value`.
  static func parse(_ line: ArraySlice<UInt8>) throws(StatusError) -> HTTPField {
    if let first = line.first, ASCII.isWhitespace(first) {
      throw StatusError(
        .invalidArgument, "a field line starts with white space: folded lines are not accepted (RFC 9112 section 5.2)")
    }
    guard let colon = line.firstIndex(of: 0x3A) else {
      // Only what may be a name is repeated: the rest may be a secret.
      throw StatusError(
        .invalidArgument,
        "field line '\(line.prefix(while: ASCII.isToken).printable)...' has no colon: it must be 'name: value'")
    }
    let nameBytes = line[..<colon]
    guard nameBytes.allSatisfy(ASCII.isToken), let name = HTTPField.Name(String(decoding: nameBytes, as: UTF8.self))
    else {
      throw StatusError(
        .invalidArgument,
        "field name '\(nameBytes.prefix(while: ASCII.isToken).printable)...' is not a token: no white space or other separator "
          + "may stand in it")
    }
    let value = ASCII.trim(line[(colon + 1)...])
    if let bad = value.first(where: { !ASCII.isFieldValue($0) }) {
      throw StatusError(
        .invalidArgument,
        "the value of \(nameBytes.printable) holds the control byte \([bad].printable): it must hold none")
    }
    return HTTPField(name: name, value: value)
  }
}
