import HTTPTypes
import Testing

@testable import Transport

@Suite struct ResponseHeadParserTests {
  static func parse(_ text: String, cut: Int = .max) -> Result<(ResponseHead, Int), StatusError> {
    var parser = ResponseHeadParser()
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = start + min(cut, bytes.count - start)
      do throws(StatusError) {
        if case .head(let head, let consumed) = try parser.feed(bytes[start..<end]) {
          return .success((head, start + consumed))
        }
      } catch {
        return .failure(error)
      }
      start = end
    }
    return .failure(StatusError(.unknown, "unfinished"))
  }

  @Test(arguments: [Int.max, 1, 3])
  func anAnswerIsReadAndItsBodyIsLeft(cut: Int) throws {
    let text = "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nETag: \"x\"\r\n\r\nabc"
    let (head, consumed) = try Self.parse(text, cut: cut).get()
    #expect(head.status == .partialContent)
    #expect(head.status.reasonPhrase == "Partial Content")
    #expect(head.fields[.eTag] == "\"x\"")
    #expect(consumed == text.utf8.count - 3)
    #expect(head.keepsAlive)
    #expect(try head.framing(for: .get) == .length(3))
    #expect(try head.framing(for: .head) == .none)
  }

  @Test(arguments: [
    ("HTTP/1.1 200\r\n\r\n", 200), ("HTTP/1.0 404 \r\n\r\n", 404), ("HTTP/1.1 100 Continue\r\n\r\n", 100),
    ("HTTP/1.1 299 a b  c\r\n\r\n", 299),
  ])
  func aReasonMayBeMissing(text: String, code: Int) throws {
    #expect(try Self.parse(text).get().0.status.code == code)
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "200 OK\r\n\r\n", "\r\n",
    "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 a\0b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "SSH-2.0-OpenSSH\r\n",
  ])
  func aMalformedAnswerIsAnInternalError(text: String) {
    for cut in [Int.max, 1] {
      guard case .failure(let error) = Self.parse(text, cut: cut) else {
        Issue.record("\(text.debugDescription) was taken")
        return
      }
      #expect(error.code == .internalError)
      #expect(error.message.hasPrefix("malformed answer: "))
    }
  }

  @Test(arguments: [
    (200, "GET", "", BodyFraming.untilClose), (204, "GET", "", .none), (304, "GET", "Content-Length: 5\r\n", .none),
    (200, "HEAD", "Content-Length: 5\r\n", .none), (100, "GET", "", .none),
    (200, "GET", "Content-Length: 0\r\n", .length(0)), (200, "GET", "Transfer-Encoding: Chunked\r\n", .chunked),
  ])
  func theBodysEndIsKnownAsRFC9112Says(code: Int, method: String, field: String, framing: BodyFraming) throws {
    let head = try Self.parse("HTTP/1.1 \(code) x\r\n\(field)\r\n").get().0
    #expect(try head.framing(for: #require(HTTPRequest.Method(rawValue: method))) == framing)
  }

  @Test func bothFramingsAtOnceAreRefused() throws {
    let head = try Self.parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n").get().0
    #expect(throws: StatusError.self) { try head.framing(for: .get) }
  }

  @Test func aWrittenHeadIsReadBack() throws {
    var fields = HTTPFields()
    fields[.contentType] = "text/plain"
    fields.append(HTTPField(name: .setCookie, value: "a=1"))
    fields.append(HTTPField(name: .setCookie, value: "evil\r\nX: y"))
    let bytes = HeadWriter.response(status: .notFound, fields: fields)
    let (head, consumed) = try Self.parse(String(decoding: bytes, as: UTF8.self)).get()
    #expect(head.status == .notFound)
    #expect(head.fields == fields)
    #expect(consumed == bytes.count)
  }
}
