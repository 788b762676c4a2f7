import TestSupport
import Testing

@testable import Transport

@Suite struct HTTPDateTests {
  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] as [(Int64, String)])
  func knownTimesAreWrittenAndRead(seconds: Int64, text: String) {
    #expect(HTTPDate.format(seconds) == text)
    #expect(HTTPDate.parse(text) == seconds)
  }

  @Test func theOldFormsAreRead() {
    #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
    #expect(HTTPDate.parse("Sun Nov  6 08:49:37 1994") == 784_111_777)
    #expect(HTTPDate.parse("Wed Nov 16 08:49:37 1994") == 784_975_777)
    #expect(HTTPDate.parse("Friday, 01-Jan-21 00:00:00 GMT") == 1_609_459_200)
  }

  @Test(arguments: [
    "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 1900 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
    "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun Nov 06  08:49:37 1994",
    "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov +994 08:49:37 GMT", "0", "Sun, 06 Nov 1994 08:49:37 GMT ",
  ])
  func anyOtherTextIsNoDate(text: String) {
    #expect(HTTPDate.parse(text) == nil)
  }

  @Test func everyTimeIsReadBack() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let seconds = Int64.random(in: 0...253_402_300_799, using: &generator)
      #expect(HTTPDate.parse(HTTPDate.format(seconds)) == seconds, "seed \(seed)")
    }
    #expect(HTTPDate.format(-1) == HTTPDate.format(0))
    #expect(HTTPDate.format(.max) == HTTPDate.format(253_402_300_799))
  }
}
