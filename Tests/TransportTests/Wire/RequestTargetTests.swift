import HTTPTypes
import Testing

@testable import Transport

@Suite struct RequestTargetTests {
  @Test(
    arguments: [
      ("/", [], nil), ("/a", ["a"], nil), ("/a/", ["a", ""], nil), ("/a//b", ["a", "", "b"], nil),
      ("/a%20b?c=%20", ["a b"], "c=%20"), ("/a%2Fb/c", ["a/b", "c"], nil), ("/?a?b", [], "a?b"), ("/a?", ["a"], ""),
      ("/%e4%bd%a0", ["你"], nil), ("/a+b", ["a+b"], nil), ("/...", ["..."], nil), ("/[x]|{y}", ["[x]|{y}"], nil),
      ("http://h", [], nil), ("HTTP://h:8/a/b?c", ["a", "b"], "c"), ("https://[::1]/x", ["x"], nil),
      ("http://h?q", [], "q"),
    ] as [(String, [String], String?)])
  func aTargetIsTakenApart(raw: String, segments: [String], query: String?) throws {
    let target = try RequestTarget(raw.utf8, method: .get)
    #expect(target.segments == segments)
    #expect(target.query == query)
    #expect(target.raw == raw)
  }

  @Test(arguments: [
    "/%", "/%4", "/%zz", "/%00", "/%0a", "/%7f", "/%ff", "/%c3", "/..", "/.", "/a/../b", "/%2e%2e/x", "/%2E", "/a/..",
    "", "a", "//h/..", "ftp://h/", "http:/h", "http://", "http:///a", "http://u:p@h/", "http://h h/", "/a b", "*",
    "/a#b",
    "/\u{7F}",
  ])
  func aTargetThatCouldMeanAnotherIsRefused(raw: String) {
    let error = #expect(throws: StatusError.self) { try RequestTarget(raw.utf8, method: .get) }
    #expect(error?.status == .badRequest)
  }

  @Test func theAsteriskIsForOptions() throws {
    let target = try RequestTarget("*".utf8, method: .options)
    #expect(target.form == .asterisk)
    #expect(target.segments == [])
  }

  @Test func anAbsoluteTargetKeepsItsAuthority() throws {
    #expect(try RequestTarget("http://h:80/".utf8, method: .get).form == .absolute(authority: "h:80"))
    #expect(try RequestTarget("http://h:80".utf8, method: .get).path == "/")
  }
}
