import Platform
import TestSupport
import Testing

@Suite struct Base64Tests {
  /// RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func theRFCsVectorsAreMet(plain: String, text: String) {
    #expect(Base64.encode(Array(plain.utf8)) == text)
    #expect(Base64.decode(text.utf8) == Array(plain.utf8))
    #expect(Base64.decode(text.utf8.filter { $0 != 0x3D }) == Array(plain.utf8))
  }

  @Test(arguments: ["A", "AAAAA", "AA=", "A===", "====", "AA==AA", "A A=", "AA\n=", "AAA*", "ÄAAA"])
  func whatIsNotBase64IsRefused(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test func theURLsAlphabetIsReadToo() {
    #expect(Base64.decode("-_-_".utf8) == Base64.decode("+/+/".utf8))
  }

  @Test(arguments: 0..<3) func whatIsEncodedIsDecoded(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    for count in 0..<100 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes, "seed \(seed)")
    }
  }
}
