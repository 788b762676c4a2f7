import TestSupport
import Testing

@testable import Loader

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("model.layers.#.mlp", "model.layers.12.mlp", [12]), ("a.#.b.#", "a.1.b.234", [1, 234]),
    ("[model.]norm", "norm", []), ("[model.]norm", "model.norm", []), ("{a,b}.{weight,bias}", "b.bias", []),
    ("*norm", "norm", []), ("*norm", "a.norm", []), ("*.layers.#.*", "x.layers.0.", [0]), ("a?c", "abc", []),
    ("#", "0", [0]), ("x#y", "x000000012y", [12]), ("*#", "layer7", [7]), ("**", "", []), ("", "", []),
    ("a*b*c", "aXbXbXc", []), ("[a][b]c", "bc", []), ("[a,b].c", "a.c", []), ("[a,b].c", ".c", []),
  ])
  func aNameThatMatchesGivesItsNumbers(_ pattern: String, _ name: String, _ numbers: [Int]) throws {
    #expect(try #require(NamePattern(pattern)).match(name) == numbers)
  }

  @Test(arguments: [
    ("model.norm", "model.norm.weight"), ("model.norm", "x.model.norm"), ("layers.#", "layers.x"),
    ("layers.#", "layers."), ("layers.#", "layers.-1"), ("#", "1234567890"), ("a?c", "ac"), ("a?c", "abbc"),
    ("{a,b}", "c"), ("[model.]norm", "model.model.norm"), ("a*b", "a"),
    ("word_embeddings.weight", "word_embeddings.weight_norm"),
  ])
  func theWholeNameMustMatch(_ pattern: String, _ name: String) throws {
    #expect(try #require(NamePattern(pattern)).match(name) == nil)
  }

  @Test(arguments: ["{a,b", "[a", "x.{", String(repeating: "a", count: NamePattern.lengthLimit + 1)])
  func aBracketThatIsNotClosedOrALongTextIsNoPattern(_ text: String) {
    #expect(NamePattern(text) == nil)
  }

  /// A matcher that tries everything, over patterns of a small alphabet.
  private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    switch first {
    case "*": return (0...name.count).contains { matches(pattern.dropFirst(), name.dropFirst($0)) }
    case "?": return !name.isEmpty && matches(pattern.dropFirst(), name.dropFirst())
    case "{", "[":
      let closing: Character = first == "{" ? "}" : "]"
      guard let end = pattern.firstIndex(of: closing) else { return false }
      let inside = pattern[pattern.index(after: pattern.startIndex)..<end]
      let choices: [Substring] =
        inside.split(separator: ",", omittingEmptySubsequences: false) + (first == "[" ? [""] : [])
      return choices.contains { choice in
        name.hasPrefix(choice) && matches(pattern[pattern.index(after: end)...], name.dropFirst(choice.count))
      }
    default: return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
    }
  }

  @Test func matchingEqualsTryingEverything() throws {
    var hits = 0
    for seed in 0..<5000 {
      var random = SeededGenerator(seed: seed)
      let pattern = (0..<random.number(0...6)).map { _ in
        random.one(of: ["a", "b", ".", "*", "?", "{a,b}", "{ab,a}", "[a]", "[ab,b]"])
      }.joined()
      let name = (0..<random.number(0...7)).map { _ in random.one(of: ["a", "b", "."]) }.joined()
      let expected = NamePatternTests.matches(pattern[...], name[...])
      let found = try #require(NamePattern(pattern)).match(name) != nil
      if found != expected { Issue.record("seed \(seed): \(pattern) and \(name)") }
      if expected { hits += 1 }
    }
    #expect(hits > 300)
  }

  @Test func aPatternOfManyStarsTakesNoExponentialTime() throws {
    let pattern = try #require(NamePattern(String(repeating: "*a", count: 40)))
    #expect(pattern.match(String(repeating: "a", count: 400) + "b") == nil)
  }
}
