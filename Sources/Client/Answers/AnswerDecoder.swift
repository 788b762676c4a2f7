internal import Loader
internal import Transport

/// Reads the JSON of answers: unknown keys are passed over, a missing or wrong value names the key.
struct AnswerDecoder {
  private let value: JSONValue
  private let path: String

  /// A decoder of a whole answer.
  /// - Throws: a content error for what is not JSON.
  init(parsing bytes: [UInt8], subject: String) throws(WeightClientError) {
    do throws(JSONScanner.Failure) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw WeightClientError(.content, .internalError, "the answer to \(subject) is \(error.description)")
    }
    path = "the answer to \(subject)"
  }

  private init(_ value: JSONValue, path: String) {
    self.value = value
    self.path = path
  }

  /// The value of a key; nil where it is missing or null.
  func member(_ key: String) -> AnswerDecoder? {
    guard let member = value[key], !member.isNull else { return nil }
    return AnswerDecoder(member, path: "\(path), \(key)")
  }

  /// The value of a key.
  func required(_ key: String) throws(WeightClientError) -> AnswerDecoder {
    guard let member = member(key) else { throw failure("no \(key)") }
    return member
  }

  /// The value as a text.
  func text() throws(WeightClientError) -> String {
    guard let text = value.asText else { throw failure("\(value.kind) where a text is expected") }
    return text
  }

  /// The value as a number that is not negative.
  func count() throws(WeightClientError) -> Int {
    guard let count = value.asInteger, count >= 0 else { throw failure("\(value.kind) where a count is expected") }
    return count
  }

  /// A number or a text, as text.
  func label() -> String? {
    switch value {
    case .text(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    default: nil
    }
  }

  /// The value as an array.
  func elements() throws(WeightClientError) -> [AnswerDecoder] {
    guard let array = value.asArray else { throw failure("\(value.kind) where an array is expected") }
    return array.enumerated().map { AnswerDecoder($0.element, path: "\(path) [\($0.offset)]") }
  }

  /// The value as an array of counts.
  func counts() throws(WeightClientError) -> [Int] {
    var counts: [Int] = []
    for element in try elements() { counts.append(try element.count()) }
    return counts
  }

  /// The value as an array of texts.
  func texts() throws(WeightClientError) -> [String] {
    var texts: [String] = []
    for element in try elements() { texts.append(try element.text()) }
    return texts
  }

  /// An answer that has not the shape it has to have.
  func failure(_ problem: String) -> WeightClientError {
    WeightClientError(.content, .internalError, "\(path) has \(problem)")
  }
}
