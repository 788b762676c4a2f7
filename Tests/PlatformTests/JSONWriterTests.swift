import Testing

@testable import Platform

@Suite struct JSONWriterTests {
  private func json(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func valuesAreSeparatedAndNested() {
    let text = json { writer in
      writer.object {
        $0.member("a", 1)
        $0.member("b", "x")
        $0.key("c")
        $0.array {
          $0.object { _ in }
          $0.array([1, 2])
          $0.array(["y"])
          $0.null()
          $0.bool(true)
          $0.raw([0x31])
        }
        $0.member("d", false)
        $0.member("e", 0.5)
        $0.member("f", String?.none)
        $0.member("g", Int?.none)
        $0.member("h", UInt64.max)
      }
    }
    #expect(
      text == #"{"a":1,"b":"x","c":[{},[1,2],["y"],null,true,1],"d":false,"e":0.5,"f":null,"g":null,"#
        + #""h":18446744073709551615}"#)
  }

  @Test(arguments: [
    ("\u{0}\u{1F}\u{7F}", #""\u0000\u001f\u007f""#), ("\"\\/", #""\"\\/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
    ("é你😀", "\"é你😀\""), ("", "\"\""),
  ])
  func textsAreEscaped(text: String, expected: String) {
    #expect(json { $0.string(text) } == expected)
  }

  @Test(
    arguments: [
      (0.1, "0.1"), (1e300, "1e+300"), (-0.0, "-0.0"), (.infinity, "null"), (.nan, "null"),
    ] as [(Double, String)])
  func numbersAreJSONs(number: Double, expected: String) {
    #expect(json { $0.number(number) } == expected)
  }
}
