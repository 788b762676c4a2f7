import HTTPTypes
import Testing

@testable import Transport

@Suite struct ServeTests {
  static let bytes = Array("0123456789".utf8)
  static let modified: Int64 = 784_111_777

  static let representation = Representation(
    length: 10, entityTag: EntityTag("v1"), lastModified: modified,
    fields: [.contentType: "text/plain", .cacheControl: "no-cache", .contentDisposition: "attachment"]
  ) { PieceList([.bytes(Array(bytes[$0]))]) }

  static func serve(
    _ fields: [HTTPField.Name: String] = [:], method: HTTPRequest.Method = .get,
    _ representation: Representation = representation
  ) throws -> Response {
    var all: HTTPFields = [.hostName: "h"]
    for (name, value) in fields { all[name] = value }
    let head = try RequestHead(
      method: method, target: RequestTarget("/".utf8, method: method), version: .http11, fields: all)
    return Transport.serve(representation, for: head, boundary: "B")
  }

  /// All bytes of a body, whose length must be the one announced.
  static func text(_ response: Response) -> String {
    var bytes: [UInt8] = []
    switch response.body {
    case .none: break
    case .bytes(let all): bytes = all
    case .source(let length, var source):
      while let piece = source.next() {
        if case .bytes(let part) = piece { bytes += part }
      }
      #expect(bytes.count == length)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func theWholeHasItsValidators() throws {
    let response = try Self.serve()
    #expect(response.status == .ok)
    #expect(response.fields[.eTag] == "\"v1\"")
    #expect(response.fields[.lastModified] == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(response.fields[.acceptRanges] == "bytes")
    #expect(response.fields[.contentType] == "text/plain")
    #expect(Self.text(response) == "0123456789")
  }

  @Test func oneRangeIsNoMultipart() throws {
    let response = try Self.serve([.range: "bytes=2-4"])
    #expect(response.status == .partialContent)
    #expect(response.fields[.contentRange] == "bytes 2-4/10")
    #expect(response.fields[.contentType] == "text/plain")
    #expect(Self.text(response) == "234")
  }

  @Test func severalRangesAreParts() throws {
    let response = try Self.serve([.range: "bytes=8-,0-1"])
    #expect(response.status == .partialContent)
    #expect(response.fields[.contentType] == "multipart/byteranges; boundary=B")
    #expect(response.fields[.contentRange] == nil)
    #expect(
      Self.text(response)
        == "--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89"
        + "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--B--\r\n")
  }

  @Test(arguments: ["bytes=10-", "bytes=20-30,40-", "bytes=-0", "bytes=x"])
  func noByteIsRangeNotSatisfiable(range: String) throws {
    let response = try Self.serve([.range: range])
    #expect(response.status == .rangeNotSatisfiable)
    #expect(response.fields[.contentRange] == "bytes */10")
    #expect(response.fields[.contentType] == "application/json")
    #expect(Self.text(response).hasPrefix(#"{"code":"out_of_range","#))
  }

  @Test(arguments: ["bytes=0-9,0-0", "lines=1-2"])
  func aRangeThatIsPassedOverGivesTheWhole(range: String) throws {
    let response = try Self.serve([.range: range])
    #expect(response.status == .ok)
    #expect(Self.text(response) == "0123456789")
  }

  @Test func aConditionalRangeCountsForTheSameBytesOnly() throws {
    #expect(try Self.serve([.range: "bytes=0-0", .ifRange: "\"v1\""]).status == .partialContent)
    #expect(try Self.serve([.range: "bytes=0-0", .ifRange: "\"v2\""]).status == .ok)
    #expect(try Self.serve([.range: "bytes=20-", .ifRange: "\"v2\""]).status == .ok)
  }

  @Test func headPassesRangesOver() throws {
    let response = try Self.serve([.range: "bytes=0-0"], method: .head)
    #expect(response.status == .ok)
    #expect(response.body.length == 10)
  }

  @Test func whatTheClientHasIsNotSent() throws {
    let response = try Self.serve([.ifNoneMatch: "W/\"v1\"", .range: "bytes=0-0"])
    #expect(response.status == .notModified)
    #expect(response.fields[.eTag] == "\"v1\"")
    #expect(response.fields[.cacheControl] == "no-cache")
    #expect(response.fields[.contentType] == nil)
    #expect(response.fields[.contentDisposition] == nil)
    #expect(response.body.length == 0)
  }

  @Test func aFailedPreconditionSaysWhich() throws {
    let response = try Self.serve([.ifMatch: "\"v2\""])
    #expect(response.status == .preconditionFailed)
    #expect(response.fields[.eTag] == "\"v1\"")
    #expect(Self.text(response).hasPrefix(#"{"code":"failed_precondition","message":"If-Match does not hold"#))
  }

  @Test func otherMethodsAreNotAllowed() throws {
    let response = try Self.serve(method: .post)
    #expect(response.status == .methodNotAllowed)
    #expect(response.fields[.allow] == "GET, HEAD")
  }

  @Test func anEmptyRepresentationHasNoRanges() throws {
    let empty = Representation(length: 0) { _ in PieceList([]) }
    let response = try Self.serve([.range: "bytes=0-"], empty)
    #expect(response.status == .ok)
    #expect(Self.text(response) == "")
  }

  @Test func boundariesAreHardToGuess() {
    let boundaries = Set((0..<100).map { _ in MultipartRanges.randomBoundary() })
    #expect(boundaries.count == 100)
    #expect(boundaries.allSatisfy { $0.utf8.allSatisfy(ASCII.isToken) && $0.utf8.count <= 70 })
  }
}
