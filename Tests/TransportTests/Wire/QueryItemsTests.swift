import HTTPTypes
import TestSupport
import Testing

@testable import Transport

@Suite struct QueryItemsTests {
  @Test(
    arguments: [
      ("", []), ("a=1", [("a", "1")]), ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]), ("a", [("a", "")]),
      ("a=", [("a", "")]), ("=b", [("", "b")]), ("&&a=1&", [("a", "1")]), ("a=b=c", [("a", "b=c")]),
      ("a+b=c+d", [("a b", "c d")]), ("a%2Bb=%26%3D", [("a+b", "&=")]), ("t=*.weight,%2A", [("t", "*.weight,*")]),
      ("n=%E4%BD%A0", [("n", "你")]),
    ] as [(String, [(String, String)])])
  func aQueryIsDecodedAsAForm(query: String, items: [(String, String)]) throws {
    #expect(try QueryItems(parsing: query).items == items.map { QueryItems.Item(name: $0.0, value: $0.1) })
  }

  @Test(arguments: ["a=%", "a=%4", "%zz=1", "a=%00", "a=%0A", "a=%FF", "a=%C3"])
  func aMalformedQueryIsAnError(query: String) {
    let error = #expect(throws: StatusError.self) { try QueryItems(parsing: query) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func aRepeatedNameIsAnErrorWhereOneIsWanted() throws {
    let items = try QueryItems(parsing: "a=1&b=2&a=1")
    #expect(try items.value(of: "b") == "2")
    #expect(try items.value(of: "c") == nil)
    #expect(items.values(of: "a") == ["1", "1"])
    #expect(throws: StatusError.self) { try items.value(of: "a") }
  }

  @Test func encodingIsUndoneByDecoding() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let items = QueryItems(
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          QueryItems.Item(name: text(&generator), value: text(&generator))
        })
      let encoded = items.encoded
      #expect(try QueryItems(parsing: encoded) == items, "seed \(seed): \(encoded)")
      #expect(try RequestTarget("/?\(encoded)".utf8, method: .get).queryItems() == items, "seed \(seed)")
    }
  }

  private func text(_ generator: inout SeededGenerator) -> String {
    let alphabet = Array("ab1 +&=%#?/:,*~é你😀\"\\")
    return String(
      (0..<Int.random(in: 1...6, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) })
  }
}
