import Testing

@testable import WeightServer

@Suite struct TraceContextTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  static let parent = "00f067aa0ba902b7"

  @Test(arguments: [
    "00-\(trace)-\(parent)-01", "01-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01-what-comes-later",
  ])
  func aFieldOfAnyVersionIsRead(field: String) throws {
    let context = try #require(TraceContext(field))
    #expect(context.traceID == Self.trace)
    #expect(context.parentID == Self.parent)
    #expect(context.flags == "01")
    #expect(context.response(span: "0123456789abcdef") == "00-\(Self.trace)-0123456789abcdef-01")
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-",
    "00-\(trace)-\(parent)-01-x",
    "ff-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01x", "00_\(trace)-\(parent)-01",
    "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(parent)-01", "00-\(trace)-\(parent)-0g", " 00-\(trace)-\(parent)-01",
  ])
  func aMalformedFieldIsNone(field: String) {
    #expect(TraceContext(field) == nil)
  }

  @Test func spansHaveNamesOfTheirOwn() {
    let names = (0..<100).map { _ in TraceContext.makeSpanID() }
    #expect(Set(names).count == 100)
    #expect(names.allSatisfy { TraceContext("00-\(Self.trace)-\($0)-00") != nil })
  }
}
