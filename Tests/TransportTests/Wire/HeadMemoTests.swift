import Testing

@testable import Transport

@Suite struct HeadMemoTests {
  private static func bytes(_ path: String) -> ArraySlice<UInt8> {
    Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)[...]
  }

  private static func head(_ path: String) throws -> RequestHead {
    var parser = RequestHeadParser()
    guard case .head(let head, _) = try parser.feed(bytes(path)) else {
      throw StatusError(.internalError, "no head")
    }
    return head
  }

  @Test func aHeadIsKnownByAllOfItsBytesOnly() throws {
    var memo = HeadMemo()
    memo.insert(try Self.head("/a"), of: Self.bytes("/a"))
    #expect(memo.head(of: Self.bytes("/a"))?.target.path == "/a")
    #expect(memo.head(of: Self.bytes("/b")) == nil)
    #expect(memo.head(of: Self.bytes("/a").dropLast()) == nil)
    #expect(memo.head(of: (Array(Self.bytes("/a")) + [0x0D])[...]) == nil)
  }

  @Test func theLatestHeadsAreKept() throws {
    var memo = HeadMemo()
    for number in 0..<1000 { memo.insert(try Self.head("/\(number)"), of: Self.bytes("/\(number)")) }
    #expect(memo.head(of: Self.bytes("/999"))?.target.path == "/999")
    #expect((0..<1000).count { memo.head(of: Self.bytes("/\($0)")) != nil } <= 16)
  }

  @Test func aHeadThatIsLongOrHasABodyIsNotKept() throws {
    var memo = HeadMemo()
    let long = "/" + String(repeating: "a", count: 2000)
    memo.insert(try Self.head(long), of: Self.bytes(long))
    #expect(memo.head(of: Self.bytes(long)) == nil)
    let post = Array("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n".utf8)[...]
    var parser = RequestHeadParser()
    guard case .head(let head, _) = try parser.feed(post) else {
      Issue.record("no head")
      return
    }
    memo.insert(head, of: post)
    #expect(memo.head(of: post) == nil)
  }
}
