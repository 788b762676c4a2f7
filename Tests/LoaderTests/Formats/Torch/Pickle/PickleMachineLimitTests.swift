import Testing

@testable import Loader

@Suite struct PickleMachineLimitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: String
    let bytes: [UInt8]

    init(_ name: String, _ reason: String, _ bytes: [UInt8]) {
      testDescription = name
      self.reason = reason
      self.bytes = bytes
    }

    init(_ name: String, _ reason: String, _ text: String) { self.init(name, reason, Array(text.utf8)) }
  }

  private static func times(_ count: Int, _ bytes: [UInt8]) -> [UInt8] {
    Array(repeatElement(bytes, count: count).joined())
  }

  static let cases = [
    Case("empty", "truncated", ""),
    Case("no STOP", "truncated", "N"),
    Case("STOP on an empty stack", "empty stack", "."),
    Case("two values at STOP", "left over", "NN."),
    Case("a mark at STOP", "left over", "N(."),
    Case("an unknown opcode", "no opcode", [0xFF]),
    Case("protocol 200", "protocol 200", [0x80, 200]),
    Case("lists nested 40 000 deep", "deep", times(40_000, [0x5D]) + times(39_999, [0x61]) + [0x2E]),
    Case("tuples nested 60 000 deep", "deep", [0x4E] + times(60_000, [0x85]) + [0x2E]),
    Case("100 000 marks", "marks", times(100_000, [0x28])),
    Case("2 000 000 values", "stacks more", [0x4E] + times(2_000_000, [0x32])),
    Case("a list in itself", "contains itself", [0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]),
    Case("a dictionary in itself", "contains itself", [0x7D, 0x71, 0, 0x4B, 1, 0x68, 0, 0x73, 0x2E]),
    Case(
      "a set of a list that holds the set", "contains itself",
      "c__builtin__\nset\n]q\u{0}\u{85}Rq\u{1}0h\u{0}h\u{1}a.".bytes),
    Case("a text of 4 GB", "truncated", [0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]),
    Case("bytes of 2^63", "truncated", [0x8E, 0, 0, 0, 0, 0, 0, 0, 0x80]),
    Case("an integer of 2 GB", "truncated", [0x8B, 0xFF, 0xFF, 0xFF, 0x7F]),
    Case("an integer of -1 bytes", "-1 bytes", [0x8B, 0xFF, 0xFF, 0xFF, 0xFF]),
    Case("a string of -1 bytes", "-1 bytes", [0x54, 0xFF, 0xFF, 0xFF, 0xFF]),
    Case("a frame of 2^62 bytes", "truncated", [0x95, 0, 0, 0, 0, 0, 0, 0, 0x40]),
    Case("an unknown memo index", "never remembered", [0x68, 7]),
    Case("100 000 digits", "would do", "I" + String(repeating: "9", count: 100_000) + "\n."),
    Case("a number that is none", "none", "I12x\n."), Case("two signs", "none", "L--12345678901234567890L\n."),
    Case("a float that is none", "none", "F0x1p3\n."), Case("a string without quotes", "quotes", "Sabc\n."),
    Case("an unknown escape", "escape", "S'\\q'\n."), Case("an escape of no character", "escape", "V\\ud800\n."),
    Case("a text that is not UTF-8", "UTF-8", [0x58, 1, 0, 0, 0, 0xFF, 0x2E]),
    Case("SETITEMS of nothing", "empty stack", "(u."), Case("APPEND to nothing", "empty stack", "Na."),
    Case("APPEND to a number", "no list", "K\u{1}Na."), Case("SETITEM of a list", "no dictionary", "]NNs."),
    Case(
      "ADDITEMS to a set made of a tuple", "no set",
      [0x63] + Array("builtins\nset\n".utf8) + [0x29, 0x85, 0x52, 0x28, 0x4E, 0x90, 0x2E]),
    Case("a key without a value", "without a value", "}(Nu."), Case("a list as a key", "as a key", "}]Ns."),
    Case("POP_MARK without a mark", "looks for a mark", "N1."), Case("TUPLE without a mark", "looks for a mark", "Nt."),
    Case("a value from below a mark", "empty stack", "N(\u{85}.".bytes),
    Case("EXT1", "extension registry", [0x82, 1]), Case("EXT4", "extension registry", [0x84, 1, 0, 0, 0]),
    Case("NEXT_BUFFER", "buffer outside", [0x97]), Case("a call of a number", "no class", "K\u{1})R."),
    Case("arguments that are no tuple", "no tuple", "cbuiltins\nlist\n]R."),
    Case("the state of a number", "has none", "K\u{1}}b."),
    Case("the state of a class", "has none", "cbuiltins\nlist\n}b."),
    Case("a class named by a number", "no text", [0x4B, 1, 0x4B, 2, 0x93]),
    Case("an object of no class", "no class", "(o."),
    Case("a class's name of 2 000 bytes", "would do", "c" + String(repeating: "a", count: 2_000) + "\nb\n."),
  ]

  @Test func stateDictsAreKeyedByTexts() throws {
    let value = try unpickle(PickleAssembler.make { $0.raw("}(K\u{1}K\u{2}tNs") })
    #expect(refusal { _ = try value.leaves() }?.contains("no text") == true)
  }

  @Test func joinedNamesAreUnique() throws {
    let value = try unpickle(
      PickleAssembler.make {
        $0.dictionary([("a.b", { $0.raw("N") }), ("a", { $0.dictionary([("b", { $0.raw("N") })]) })])
      })
    #expect(refusal { _ = try value.leaves() }?.contains("twice") == true)
  }

  @Test func leavesAreNamedByTheirPaths() throws {
    let value = try unpickle(
      PickleAssembler.make {
        $0.dictionary([
          ("a", { $0.dictionary([("b", { $0.integer(1) }), ("c.d", { $0.integer(2) })]) }), ("e", { $0.integer(3) }),
        ])
      })
    #expect(try value.leaves().map(\.name) == ["a.b", "a.c.d", "e"])
  }
}

extension String {
  /// Each scalar as one byte.
  fileprivate var bytes: [UInt8] { unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
