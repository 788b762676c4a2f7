import HTTPTypes
import Platform
import Testing
import Transport

@testable import WeightServerClient

@Suite struct TransferHeadTests {
  func head(_ status: Int, _ fields: KeyValuePairs<String, String>) throws -> ResponseHead {
    var parsed = HTTPFields()
    for (name, value) in fields { parsed.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
    return ResponseHead(status: HTTPResponse.Status(code: status), version: .http11, fields: parsed)
  }

  @Test func aWholeAnswerNamesItsContent() throws {
    let zeros = String(repeating: "A", count: 43) + "="
    let head = try TransferHead(
      head(
        200,
        [
          "Content-Length": "9", "ETag": "\"x\"", "X-Manifest-Revision": "r",
          "Repr-Digest": "md5=:AA==:, sha-256=:\(zeros):",
        ]))
    let content = TransferContent(tag: try tag("x"), length: 9, revision: "r", digest: [UInt8](repeating: 0, count: 32))
    #expect(head == TransferHead(content: content))
  }

  @Test func aPartNamesTheWhole() throws {
    let head = try TransferHead(head(206, ["Content-Length": "4", "Content-Range": "bytes 5-8/9", "ETag": "W/\"x\""]))
    #expect(head == TransferHead(content: TransferContent(tag: try tag("x", isWeak: true), length: 9), range: 5..<9))
    #expect(head.content.resumeTag == nil)
  }

  @Test(arguments: [
    (200, ["Transfer-Encoding": "chunked"]), (200, [:]), (200, ["Content-Length": "-1"]),
    (204, ["Content-Length": "4"]), (203, ["Content-Length": "4"]), (206, ["Content-Length": "4"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes 5-7/9"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes 5-8/*"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes 5-8/8"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes 8-5/9"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes -4/9"]),
    (206, ["Content-Length": "4", "Content-Range": "items 5-8/9"]),
    (206, ["Content-Length": "4", "Content-Range": "bytes 5-8/99999999999999999999"]),
  ])
  func anAnswerWithoutLengthOrRangeIsRefused(status: Int, fields: [String: String]) throws {
    var parsed = HTTPFields()
    for (name, value) in fields { parsed.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
    let head = ResponseHead(status: HTTPResponse.Status(code: status), version: .http11, fields: parsed)
    let error = #expect(throws: WeightClientError.self) { try TransferHead(head) }
    #expect(error?.origin == .content)
  }

  @Test(arguments: [
    ("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "e3b0c44298fc1c149afbf4c8996fb924"),
    ("sha-512=:AA==:,sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "e3b0c44298fc1c149afbf4c8996fb924"),
    ("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:", nil), ("sha-256=47DE", nil), ("sha-256=:47DE:", nil),
    ("sha-256=:====:", nil), ("sha-256=:47DE*pj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", nil), ("", nil),
    ("sha-256", nil),
    ("sha-256=::", nil), ("sha-256=:", nil),
  ])
  func aDigestFieldIsReadOrLeft(field: String, start: String?) {
    #expect(ReprDigest.sha256(in: field).map { String($0.hexadecimal.prefix(32)) } == start)
  }

  @Test(arguments: [
    ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:37 GMT", 0), ("-1", nil),
    ("soon", nil), ("99999999999999999999", nil),
  ])
  func retryAfterIsSecondsOrADate(value: String, seconds: Int?) {
    #expect(ServerRefusal.retryAfter(value, now: 784_111_740) == seconds.map { .seconds($0) })
  }

  @Test func aRefusalCarriesWhatTheServerSays() throws {
    let address = ServerAddress(.tcp(host: "h", port: 80))
    let body = Array(#"{"code":"failed_precondition","message":"mp=3 cannot\n","details":[]}"#.utf8)
    let fields: KeyValuePairs = ["X-Request-Id": "q1", "Retry-After": "2"]
    let error = ServerRefusal.error(head: try head(400, fields), body: body, address: address, now: 0)
    #expect(error.code == .failedPrecondition)
    #expect(error.message == "mp=3 cannot\\u{a}")
    #expect(error.requestID == "q1")
    #expect(error.status == 400)
    #expect(error.retryAfter == .seconds(2))
    #expect(error.description == "failed_precondition: mp=3 cannot\\u{a} (request q1)")
    for (status, code) in [
      (503, WeightClientError.Code.unavailable), (404, .unimplemented), (416, .outOfRange), (500, .unknown),
    ] {
      let error = ServerRefusal.error(head: try head(status, [:]), body: [0x7B], address: address, now: 0)
      #expect(error.code == code)
    }
  }

  @Test(arguments: [0, 199, 200, 201, 1000, 4000])
  func aLongMessageIsKeptWhole(count: Int) throws {
    let message = String(repeating: "é", count: count)
    let error = ServerRefusal.error(
      head: try head(400, [:]), body: Array("{\"message\":\"\(message)\"}".utf8),
      address: ServerAddress(.unix(path: "s")), now: 0)
    #expect(error.message == message)
  }
}
