import HTTPTypes
import Testing

@testable import Transport

@Suite struct ChunkedDecoderTests {
  struct Outcome: Equatable {
    var body: [UInt8] = []
    var rest: [UInt8] = []
    var isFinished = false
    var error: StatusError?
  }

  static func decode(_ bytes: [UInt8], cut: Int = .max) -> Outcome {
    var decoder = ChunkedDecoder()
    var outcome = Outcome()
    var start = 0
    while start < bytes.count {
      let end = start + min(cut, bytes.count - start)
      var piece = bytes[start..<end]
      do throws(StatusError) {
        feeding: while true {
          switch try decoder.next(piece) {
          case .needMore: break feeding
          case .data(let range):
            outcome.body += piece[range]
            piece = piece[range.upperBound...]
          case .end(let index):
            outcome.isFinished = true
            outcome.rest += piece[index...]
            break feeding
          }
        }
      } catch {
        outcome.error = error
        return outcome
      }
      start = end
    }
    return outcome
  }

  @Test(arguments: [
    ("0\r\n\r\n", "", ""), ("3\r\nabc\r\n0\r\n\r\nGET", "abc", "GET"),
    ("1\r\na\r\n00a\r\n0123456789\r\n0\r\n\r\n", "a0123456789", ""),
    ("3;x=y;z=\"q\"\r\nabc\r\n0;last\r\nTrailer: gone\r\n\r\n", "abc", ""), ("2 ;x\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""),
  ])
  func chunksAreJoinedHoweverTheyAreCut(text: String, body: String, rest: String) {
    for cut in [Int.max, 1, 2, 5] {
      let outcome = Self.decode(Array(text.utf8), cut: cut)
      #expect(outcome == Outcome(body: Array(body.utf8), rest: Array(rest.utf8), isFinished: true), "cut \(cut)")
    }
  }

  @Test(arguments: [
    "\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\na\r\n", "3\nabc\r\n", "3\r\nabcd\r\n",
    "3\r\nabc\n",
    "3\r\nabc0\r\n\r\n", "ffffffffffffffff\r\n", "8000000000000000\r\n", "10000000000000000\r\n", "1;\0\r\n",
    "1;a\rb\r\n",
    "0\r\nbad trailer\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\n fold\r\n\r\n", "0\r\n\n",
  ])
  func malformedChunksAreRefused(text: String) {
    let whole = Self.decode(Array(text.utf8))
    #expect(whole.error != nil)
    #expect(Self.decode(Array(text.utf8), cut: 1).error == whole.error)
  }

  @Test func extensionsAndTrailersAreBounded() {
    let chunk = "1;" + String(repeating: "a", count: 1000) + "\r\nx\r\n"
    #expect(Self.decode(Array(String(repeating: chunk, count: 9).utf8)).error?.status.code == 413)
    #expect(Self.decode(Array(("1;" + String(repeating: "a", count: 2000)).utf8)).error != nil)
    let trailer = "0\r\n" + String(repeating: "A: \(String(repeating: "b", count: 1000))\r\n", count: 9)
    #expect(Self.decode(Array(trailer.utf8)).error?.status.code == 431)
  }
}
