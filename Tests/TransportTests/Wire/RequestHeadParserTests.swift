import HTTPTypes
import TestSupport
import Testing

@testable import Transport

@Suite struct RequestHeadParserTests {
  /// What a stream of bytes leads to: heads, then an error or nothing.
  struct Outcome: Equatable {
    var heads: [RequestHead] = []
    var rest: [UInt8] = []
    var error: StatusError?
  }

  /// Feeds `bytes` cut at the given sizes, in turn.
  static func outcome(_ bytes: [UInt8], cuts: [Int], limits: HeadLimits = HeadLimits(), heads: Int = .max) -> Outcome {
    var parser = RequestHeadParser(limits: limits)
    var outcome = Outcome()
    var start = 0
    var turn = 0
    while start < bytes.count {
      let end = min(start + cuts[turn % cuts.count], bytes.count)
      turn += 1
      while start < end {
        if outcome.heads.count == heads {
          outcome.rest += bytes[start..<end]
          start = end
          break
        }
        do throws(StatusError) {
          switch try parser.feed(bytes[start..<end]) {
          case .needMore: start = end
          case .head(let head, let consumed):
            outcome.heads.append(head)
            start += consumed
          }
        } catch {
          outcome.error = error
          return outcome
        }
      }
    }
    return outcome
  }

  static func parse(_ text: String, limits: HeadLimits = HeadLimits()) -> Outcome {
    outcome(Array(text.utf8), cuts: [.max], limits: limits)
  }

  @Test func aPlainRequestIsReadWhole() throws {
    let outcome = Self.parse("GET /shard?rank=1&mp=2 HTTP/1.1\r\nHost: a:1\r\nX-One: 1\r\nX-One:  2 \t\r\n\r\n")
    let head = try #require(outcome.heads.first)
    #expect(head.method == .get)
    #expect(head.target.path == "/shard")
    #expect(head.target.query == "rank=1&mp=2")
    #expect(head.target.segments == ["shard"])
    #expect(head.version == .http11)
    #expect(try head.fields[values: #require(HTTPField.Name("x-one"))] == ["1", "2"])
    #expect(head.framing == .none)
    #expect(head.keepsAlive)
    #expect(!head.expectsContinue)
  }

  @Test func pipelinedRequestsAndWhatFollowsThemAreToldApart() {
    let text = "GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    let outcome = Self.outcome(Array(text.utf8), cuts: [.max], heads: 2)
    #expect(outcome.heads.map(\.target.path) == ["/a", "/b"])
    #expect(outcome.heads.last?.framing == .length(3))
    #expect(outcome.rest == Array("abc".utf8))
  }

  @Test(arguments: [
    ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
    ("HTTP/1.1", "Connection: Upgrade, CLOSE\r\n", false), ("HTTP/1.0", "", false),
    ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false), ("HTTP/1.9", "", true),
  ])
  func aConnectionOutlivesARequestAsVersionAndFieldSay(version: String, field: String, keepsAlive: Bool) {
    let head = Self.parse("GET / \(version)\r\nHost: h\r\n\(field)\r\n").heads.first
    #expect(head?.keepsAlive == keepsAlive)
  }

  @Test func anExpectationCountsOnlyWithABodyAndIn11() {
    let body = "Content-Length: 1\r\nExpect: 100-Continue\r\n"
    #expect(Self.parse("PUT / HTTP/1.1\r\nHost: h\r\n\(body)\r\n").heads.first?.expectsContinue == true)
    #expect(Self.parse("PUT / HTTP/1.0\r\nHost: h\r\n\(body)\r\n").heads.first?.expectsContinue == false)
    let bodiless = "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"
    #expect(Self.parse(bodiless).heads.first?.expectsContinue == false)
  }

  @Test func oneEmptyLineBeforeARequestIsPassedOverAndTwoAreNot() {
    #expect(Self.parse("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").heads.count == 1)
    #expect(Self.parse("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").error?.status == .badRequest)
  }

  /// Streams that peers disagree about, and other malformed ones: (bytes, status).
  static let refused: [(String, Int)] = [
    ("GET / HTTP/1.1\nHost: h\n\n", 400), ("GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
    ("GET / HTTP/1.1\rHost: h\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400), ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\nA\u{1}: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\nA: \u{7F}\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a, b/c\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ,chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: a-miracle\r\n\r\n", 417),
    ("G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400), (" / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
    ("GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /\r\n\r\n", 400), ("GET  HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("GET /a\u{1}b HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /é HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("GET shard HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505), ("GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505),
    ("GET / http/1.1\r\nHost: h\r\n\r\n", 400), ("GET / HTTP/1.\r\nHost: h\r\n\r\n", 400),
    ("GET / HTTP/11\r\nHost: h\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\n", 400),
  ]

  @Test(arguments: refused)
  func whatPeersCouldReadInTwoWaysIsRefused(text: String, status: Int) {
    let error = Self.parse(text).error
    #expect(error?.status.code == status, "\(String(describing: error))")
    #expect(error?.message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } == true)
  }

  @Test func limitsAreExact() throws {
    var limits = HeadLimits()
    limits.targetBytes = 10
    limits.fieldCount = 3
    limits.fieldBytes = 40
    let target = "/" + String(repeating: "a", count: 9)
    #expect(Self.parse("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", limits: limits).heads.count == 1)
    #expect(Self.parse("GET \(target)a HTTP/1.1\r\nHost: h\r\n\r\n", limits: limits).error?.status.code == 414)
    #expect(Self.parse("GET /" + String(repeating: "a", count: 100), limits: limits).error?.status.code == 414)
    let start = "GET / HTTP/1.1\r\nHost: h\r\n"
    #expect(Self.parse(start + "A: 1\r\nB: 2\r\n\r\n", limits: limits).heads.count == 1)
    #expect(Self.parse(start + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits: limits).error?.status.code == 431)
    let long = "A: " + String(repeating: "b", count: 26)
    #expect(Self.parse(start + "\(long)\r\n\r\n", limits: limits).heads.count == 1)
    #expect(Self.parse(start + "\(long)b\r\n\r\n", limits: limits).error?.status.code == 431)
    #expect(Self.parse(start + "\(long)bbb", limits: limits).error?.status.code == 431)
  }

  @Test func howAStreamIsCutChangesNothing() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    var small = HeadLimits()
    small.targetBytes = 12
    small.fieldBytes = 30
    small.fieldCount = 2
    let accepted = "GET /a?b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n\r\nHEAD / HTTP/1.0\r\n\r\n"
    for text in Self.refused.map(\.0) + [accepted] {
      for limits in [HeadLimits(), small] {
        let bytes = Array(text.utf8)
        let whole = Self.outcome(bytes, cuts: [.max], limits: limits)
        let cuts = (0..<7).map { _ in Int.random(in: 1...5, using: &generator) }
        #expect(Self.outcome(bytes, cuts: [1], limits: limits) == whole, "\(text.debugDescription)")
        #expect(Self.outcome(bytes, cuts: cuts, limits: limits) == whole, "seed \(seed), \(text.debugDescription)")
      }
    }
  }

  @Test func noMutationOfARequestTrapsOrDependsOnCuts() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let original = Array("POST /a/%41?x=1 HTTP/1.1\r\nHost: h:80\r\nContent-Length: 12\r\nA:b\r\n\r\n".utf8)
    let spice: [UInt8] = Array("\r\n\0 \t:,%/;\u{7F}".utf8) + [0xFF]
    for _ in 0..<2000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[index] = spice.randomElement(using: &generator) ?? 0
        case 1: bytes.remove(at: index)
        default: bytes.insert(spice.randomElement(using: &generator) ?? 0, at: index)
        }
      }
      let whole = Self.outcome(bytes, cuts: [.max], heads: 1)
      #expect(Self.outcome(bytes, cuts: [1], heads: 1) == whole, "seed \(seed), \(bytes.printable)")
    }
  }
}
