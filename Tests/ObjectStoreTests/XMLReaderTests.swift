import TestSupport
import Testing

@testable import ObjectStore

@Suite struct XMLReaderTests {
  private func events(_ text: String) throws(XMLReader.Failure) -> [XMLReader.Event] {
    var reader = XMLReader(Array(text.utf8))
    var events: [XMLReader.Event] = []
    while let event = try reader.next() { events.append(event) }
    return events
  }

  @Test func elementsTextsAndEntitiesAreRead() throws {
    let text = "<?xml version=\"1.0\"?><a x='1'><!-- no --><s:b>1 &lt; 2&#38;&quot;</s:b><c/></a>"
    #expect(
      try events(text) == [
        .start("a"), .start("b"), .text("1 < 2&\""), .end("b"), .start("c"), .end("c"), .end("a"),
      ])
  }

  @Test(arguments: [
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "<x>&e;</x>", "<x>&#xD800;</x>", "<x", "<>",
    "<!-- x", "<?pi x?>", "<x>&amp</x>",
  ])
  func whatMayNotBeIsRefused(_ text: String) {
    #expect(throws: XMLReader.Failure.self) { try events(text) }
  }

  @Test(arguments: 0..<20) func whateverComesItEnds(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let pieces = ["<", ">", "</", "/>", "&", ";", "#", "x", "a", "<!--", "-->", "?", "<?xml ", " "]
    for _ in 0..<200 {
      let text = (0..<12).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      _ = try? events(text)
      _ = StoreRefusal(Array(text.utf8))
      _ = try? ObjectListing(Array(text.utf8))
    }
  }
}
