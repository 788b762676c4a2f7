import Loader
import TestSupport
import Testing

@Suite struct JSONScannerTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

  @Test(arguments: [
    ("null", JSONValue.null), ("true", .boolean(true)), (" false ", .boolean(false)), ("0", .integer(0)),
    ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)), ("1.5", .number(1.5)), ("1e3", .number(1000)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("\"\"", .text("")),
    ("\"a\\u00e9\\n\\ud83d\\ude00\\/\"", .text("aé\n😀/")), ("[]", .array([])),
    ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])),
  ])
  func everyKindOfValueIsRead(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test func keysKeepTheirOrder() throws {
    let object = try #require(try parse("{\"b\": 1, \"a\": 2, \"c\": {}}").asObject)
    #expect(object.members.map(\.key) == ["b", "a", "c"])
    #expect(object["a"] == .integer(2))
    #expect(object["d"] == nil)
  }

  @Test(arguments: [
    ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 3), ("{\"a\" 1}", 1, 6), ("{\n \"a\": tru}", 2, 7), ("{'a': 1}", 1, 2),
    ("01", 1, 2), ("1.", 1, 3), ("1e", 1, 3), ("+1", 1, 1), ("NaN", 1, 1), ("-Infinity", 1, 2), ("\"a\nb\"", 1, 3),
    ("\"\\x\"", 1, 3), ("\"\\u12\"", 1, 6), ("\"\\ud800\"", 1, 8), ("1 2", 1, 3), ("{} x", 1, 4), ("1e999", 1, 1),
    ("\"open", 1, 6),
  ])
  func aMalformedTextIsRefusedWithItsPlace(text: String, line: Int, column: Int) throws {
    let failure = try #require(throws: JSONScanner.Failure.self) { try parse(text) }
    #expect(failure.line == line)
    #expect(failure.column == column, "\(failure)")
  }

  @Test func aKeyThatStandsTwiceIsRefused() throws {
    let failure = try #require(throws: JSONScanner.Failure.self) { try parse("{\"a\": 1, \"\\u0061\": 2}") }
    #expect(failure.problem.contains("twice"))
  }

  @Test func nestingIsBounded() throws {
    let deep = String(repeating: "[", count: 40_000)
    let failure = try #require(throws: JSONScanner.Failure.self) { try parse(deep) }
    #expect(failure.problem.contains("nested"))
    let allowed =
      String(repeating: "[", count: JSONScanner.depthLimit) + String(repeating: "]", count: JSONScanner.depthLimit)
    #expect(throws: Never.self) { try parse(allowed) }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    #expect(throws: JSONScanner.Failure.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONScanner.Failure.self) { try JSONValue(parsing: [0xFF, 0xFE, 0x7B, 0x00]) }
  }

  @Test func trailingCommasAreKnownWhereTheyAreAllowed() throws {
    var scanner = JSONScanner(Array("{\"a\": [1, 2,],\n}".utf8), allowsTrailingCommas: true)
    #expect(try scanner.value()["a"]?.asArray?.count == 2)
    try scanner.finish()
    #expect(scanner.trailingCommas.count == 2)
  }

  @Test(arguments: 0..<300)
  func damagedTextNeverTraps(seed: Int) {
    var random = SeededGenerator(seed: seed)
    var bytes = Array("{\"weight_map\": {\"a.b\": \"x-1.bin\", \"c\": [1, 2.5e-3, null, true, \"\\u00e9\"]}}".utf8)
    for _ in 0..<random.number(1...4) {
      bytes[random.number(0...bytes.count - 1)] = UInt8(truncatingIfNeeded: random.next())
      if random.chance(in: 3) { bytes.removeLast(random.number(0...bytes.count / 2)) }
      if bytes.isEmpty { return }
    }
    _ = try? JSONValue(parsing: bytes)
  }
}
