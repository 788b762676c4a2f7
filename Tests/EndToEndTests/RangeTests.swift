import TestSupport
import Testing

/// Range requests, as RFC 9110 section 14 has them.
@Suite struct RangeTests {
  private let target = "/shard?rank=1&mp=4"

  private func run(_ body: (CurlClient, [UInt8]) throws -> Void) throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      try body(client, try client.get(target).body)
    }
  }

  @Test func oneRangeIsThatPartOfTheWhole() throws {
    try run { client, whole in
      let last = whole.count - 1
      let table: [(text: String, range: ClosedRange<Int>)] = [
        ("0-0", 0...0), ("0-7", 0...7), ("8-4095", 8...4095), ("\(last)-\(last)", last...last), ("100-", 100...last),
        ("-1", last...last), ("-1000", last - 999...last), ("0-\(last)", 0...last), ("500-\(last + 1000)", 500...last),
        ("-\(whole.count * 2)", 0...last),
      ]
      for (text, range) in table {
        let answer = try client.get(target, ["Range": "bytes=\(text)"])
        #expect(answer.status == 206, "\(text)")
        #expect(answer["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound)/\(whole.count)")
        #expect(answer.body == Array(whole[range]), "\(text)")
      }
    }
  }

  @Test func anyRangeIsThatPartOfTheWhole() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    try run { client, whole in
      for _ in 0..<100 {
        let start = Int.random(in: 0..<whole.count, using: &generator)
        let end = Int.random(in: start..<min(whole.count, start + 20_000), using: &generator)
        let answer = try client.get(target, ["Range": "bytes=\(start)-\(end)"])
        #expect(answer.body == Array(whole[start...end]), "\(start)-\(end), seed \(seed)")
      }
    }
  }

  @Test func severalRangesComeAsParts() throws {
    try run { client, whole in
      let last = whole.count - 1
      let answer = try client.get(target, ["Range": "bytes=0-9, 100-199, -5"])
      #expect(answer.status == 206)
      let type = try #require(answer["Content-Type"])
      #expect(type.hasPrefix("multipart/byteranges"))
      let boundary = try #require(type.split(separator: "boundary=").last).filter { $0 != "\"" }
      let parts = try RangeTests.parts(of: answer.body, boundary: boundary)
      #expect(
        parts.map(\.range) == [
          "bytes 0-9/\(whole.count)", "bytes 100-199/\(whole.count)",
          "bytes \(last - 4)-\(last)/\(whole.count)",
        ])
      #expect(parts.map(\.body) == [Array(whole[0...9]), Array(whole[100...199]), Array(whole[(last - 4)...])])
    }
  }

  /// The parts of a multipart body (RFC 2046 section 5.1).
  private static func parts(of body: [UInt8], boundary: String) throws -> [(range: String?, body: [UInt8])] {
    let text = String(decoding: body.map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
    #expect(text.utf8.count == body.count)
    var offset = 0
    var parts: [(range: String?, body: [UInt8])] = []
    let pieces = text.components(between: "--\(boundary)")
    for piece in pieces {
      defer { offset += piece.utf8.count + boundary.utf8.count + 2 }
      guard piece.hasPrefix("\r\n"), let end = piece.endOfHead else { continue }
      let head = try Answer.parseHead(Array("HTTP/1.1 206 Part".utf8) + Array(piece.utf8.prefix(end)))
      let range = head.fields.first { $0.name.lowercased() == "content-range" }?.value
      parts.append((range, Array(body[offset + end..<offset + piece.utf8.count - 2])))
    }
    #expect(pieces.last?.hasPrefix("--") == true)
    return parts
  }

  @Test func aRangeBeyondTheEndIsRefused() throws {
    try run { client, whole in
      for text in ["\(whole.count)-", "\(whole.count + 5)-\(whole.count + 9)", "-0"] {
        let answer = try client.get(target, ["Range": "bytes=\(text)"])
        #expect(answer.isError(416, "out_of_range"), "\(text): \(answer.status) \(answer.text.prefix(200))")
        #expect(answer["Content-Range"] == "bytes */\(whole.count)")
      }
    }
  }

  @Test func whatIsNoRangeOfBytesIsIgnored() throws {
    try run { client, whole in
      for value in [
        "bytes=9-0", "bytes=a-b", "items=0-5", "bytes", "bytes=", "bytes=1-2-3", "bytes=99999999999999999999-",
      ] {
        let answer = try client.get(target, ["Range": value])
        #expect(answer.status == 200 && answer.body.count == whole.count || answer.status == 416, "\(value)")
      }
      #expect(try client.get(target, ["Range": "bytes=0-5"], method: "HEAD").status == 200)
    }
  }
}

extension String {
  fileprivate func components(between separator: String) -> [String] {
    var rest = self[...]
    var pieces: [String] = []
    while let range = rest.firstRange(of: separator) {
      pieces.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return pieces + [String(rest)]
  }

  /// Where the body begins, in UTF-8.
  fileprivate var endOfHead: Int? {
    firstRange(of: "\r\n\r\n").map { utf8.distance(from: startIndex, to: $0.upperBound) }
  }
}
