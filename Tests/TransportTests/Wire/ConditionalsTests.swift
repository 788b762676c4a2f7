import HTTPTypes
import Testing

@testable import Transport

@Suite struct ConditionalsTests {
  static let modified: Int64 = 784_111_777
  static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
  static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
  static let after = "Sun, 06 Nov 1994 08:49:38 GMT"
  static let proceed = Conditionals.Outcome.proceed(honorsRange: true)

  struct Case: Sendable {
    var fields: [String: String]
    var outcome: Conditionals.Outcome
    var method = HTTPRequest.Method.get
  }

  static let cases: [Case] = [
    Case(fields: [:], outcome: proceed),
    Case(fields: ["If-Match": "\"a\""], outcome: proceed),
    Case(fields: ["If-Match": "\"x\", \"a\""], outcome: proceed),
    Case(fields: ["If-Match": "*"], outcome: proceed),
    Case(fields: ["If-Match": "W/\"a\""], outcome: .failed("If-Match")),
    Case(fields: ["If-Match": "\"b\""], outcome: .failed("If-Match")),
    Case(fields: ["If-Match": "a"], outcome: .failed("If-Match")),
    Case(fields: ["If-Match": "\"a\"", "If-Unmodified-Since": before], outcome: proceed),
    Case(fields: ["If-Unmodified-Since": date], outcome: proceed),
    Case(fields: ["If-Unmodified-Since": before], outcome: .failed("If-Unmodified-Since")),
    Case(fields: ["If-Unmodified-Since": "yesterday"], outcome: proceed),
    Case(fields: ["If-None-Match": "\"a\""], outcome: .notModified),
    Case(fields: ["If-None-Match": "W/\"a\""], outcome: .notModified),
    Case(fields: ["If-None-Match": "*"], outcome: .notModified),
    Case(fields: ["If-None-Match": "\"b\", \"c\""], outcome: proceed),
    Case(fields: ["If-None-Match": "\"a\""], outcome: .failed("If-None-Match"), method: .put),
    Case(fields: ["If-None-Match": "\"b\"", "If-Modified-Since": date], outcome: proceed),
    Case(fields: ["If-Modified-Since": date], outcome: .notModified),
    Case(fields: ["If-Modified-Since": after], outcome: .notModified),
    Case(fields: ["If-Modified-Since": before], outcome: proceed),
    Case(fields: ["If-Modified-Since": date], outcome: proceed, method: .put),
    Case(fields: ["If-Match": "\"b\"", "If-None-Match": "\"a\""], outcome: .failed("If-Match")),
    Case(fields: ["If-Match": "\"a\"", "If-None-Match": "\"a\""], outcome: .notModified),
    Case(fields: ["If-Range": "\"a\""], outcome: proceed),
    Case(fields: ["If-Range": "W/\"a\""], outcome: .proceed(honorsRange: false)),
    Case(fields: ["If-Range": "\"b\""], outcome: .proceed(honorsRange: false)),
    Case(fields: ["If-Range": date], outcome: proceed),
    Case(fields: ["If-Range": after], outcome: .proceed(honorsRange: false)),
    Case(fields: ["If-Range": "rubbish"], outcome: .proceed(honorsRange: false)),
  ]

  @Test(arguments: cases)
  func preconditionsAreTakenInTheirOrder(_ test: Case) throws {
    var fields = HTTPFields()
    for (name, value) in test.fields { fields[try #require(HTTPField.Name(name))] = value }
    let outcome = Conditionals.evaluate(
      method: test.method, fields: fields, entityTag: EntityTag("a"), lastModified: Self.modified)
    #expect(outcome == test.outcome)
  }

  @Test func aResourceWithoutValidatorsMatchesNoTag() {
    for (name, outcome) in [
      (HTTPField.Name.ifMatch, Conditionals.Outcome.failed("If-Match")), (.ifNoneMatch, Self.proceed),
      (.ifRange, .proceed(honorsRange: false)),
    ] {
      var fields = HTTPFields()
      fields[name] = "\"a\""
      #expect(Conditionals.evaluate(method: .get, fields: fields, entityTag: nil, lastModified: nil) == outcome)
    }
  }

  @Test func tagsAreReadAndWrittenAlike() {
    for text in ["\"\"", "\"a\"", "W/\"a,b\"", "\"ü\""] { #expect(EntityTag(parsing: text)?.description == text) }
    for text in ["", "a", "\"", "\"a", "w/\"a\"", "\"a\"b", "\"a b\"", "W/a", "\"a\" "] {
      #expect(EntityTag(parsing: text) == nil, "\(text)")
    }
    #expect(EntityTag("a\"b") == nil)
    #expect(EntityTag.List(parsing: " , \"a,b\" ,, W/\"c\"") != nil)
    for text in ["", ",", "\"a\" \"b\"", "*, \"a\"", "\"a\"x"] {
      #expect(EntityTag.List(parsing: text) == nil, "\(text)")
    }
  }
}
