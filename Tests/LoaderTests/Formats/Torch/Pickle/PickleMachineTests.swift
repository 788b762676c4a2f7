import Testing

@testable import Loader

/// What a value is, in Python's notation as far as it goes.
func notation(_ value: InertValue) -> String {
  func list(_ items: InertValue.Elements) -> String { items.map { notation($0) }.joined(separator: ", ") }
  switch value.kind {
  case .none: return "None"
  case .boolean(let value): return value ? "True" : "False"
  case .integer(let value): return "\(value)"
  case .bigInteger: return "big"
  case .number(let value): return "\(value)"
  case .text(let text): return "'\(text)'"
  case .bytes(let bytes): return "b\(bytes)"
  case .list(let items): return "[\(list(items))]"
  case .tuple(let items): return "(\(list(items)))"
  case .set(let items): return "{\(list(items))}"
  case .dictionary(let entries):
    return "{" + entries.map { "\(notation($0.key)): \(notation($0.value))" }.joined(separator: ", ") + "}"
  case .tensor(let tensor): return "tensor\(tensor.shape)"
  case .object(let name): return "\(name)(\(value.arguments.map { notation($0) }.joined(separator: ", ")))"
  case .global(let name): return name
  case .opaque(let reason): return "<\(reason)>"
  }
}

/// Runs a pickle.
func unpickle(_ bytes: [UInt8], policy: PicklePolicy = PicklePolicy()) throws(PickleFailure) -> InertValue {
  let result = try PickleMachine.run(bytes, policy: policy)
  return InertValue(result.graph, result.root)
}

/// Why a pickle was refused; nil where it was not.
func pickleRefusal(_ bytes: [UInt8]) -> String? {
  do throws(PickleFailure) {
    _ = try unpickle(bytes)
    return nil
  } catch {
    switch error {
    case .truncated: return "truncated"
    case .refused(let reason): return reason
    }
  }
}

@Suite struct PickleMachineTests {
  @Test(
    arguments: [
      ("N.", "None"), ("I42\n.", "42"), ("I-7\n.", "-7"), ("I00\n.", "False"), ("I01\n.", "True"), ("L12L\n.", "12"),
      ("L-5L\n.", "-5"), ("L99999999999999999999L\n.", "big"), ("F1.5\n.", "1.5"), ("F-inf\n.", "-inf"),
      ("F1e3\n.", "1000.0"),
      ("S'a\\x41\\n\\101\\\\'\n.", "'aA\nA\\'"), ("S\"it's\"\n.", "'it's'"), ("Vh\\u00e9\\U0001F600!\n.", "'hé😀!'"),
      ("(lI1\naI2\na.", "[1, 2]"), ("(dS'a'\nI1\ns.", "{'a': 1}"), ("(I1\nI2\nt.", "(1, 2)"), ("(I1\nI2\nl.", "[1, 2]"),
      ("(I1\nI2\nd.", "{1: 2}"), ("I1\np0\n0g0\n.", "1"),
    ])
  func textOpcodesHaveTheirValues(_ text: String, _ expected: String) throws {
    #expect(notation(try unpickle(Array(text.utf8))) == expected)
  }

  @Test(
    arguments: [
      ([0x4B, 255], "255"), ([0x4D, 1, 2], "513"), ([0x4A, 0xFF, 0xFF, 0xFF, 0xFF], "-1"), ([0x8A, 0], "0"),
      ([0x8A, 1, 0xFF], "-1"), ([0x8A, 2, 0xFF, 0], "255"),
      ([0x8A, 9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], "big"),
      ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF], "-9223372036854775808"),
      ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0], "big"), ([0x8B, 1, 0, 0, 0, 5], "5"),
      ([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], "1.5"), ([0x88], "True"), ([0x89], "False"),
      ([0x58, 2, 0, 0, 0, 0xC3, 0xA9], "'é'"), ([0x8C, 1, 0x61], "'a'"), ([0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 0x61], "'a'"),
      ([0x55, 2, 0x61, 0x62], "'ab'"), ([0x55, 1, 0xFF], "b[255]"), ([0x54, 1, 0, 0, 0, 0x61], "'a'"),
      ([0x43, 1, 7], "b[7]"), ([0x42, 1, 0, 0, 0, 7], "b[7]"), ([0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 7], "b[7]"),
      ([0x96, 1, 0, 0, 0, 0, 0, 0, 0, 7], "b[7]"), ([0x5D], "[]"), ([0x7D], "{}"), ([0x29], "()"), ([0x8F], "{}"),
      ([0x4B, 1, 0x85], "(1)"), ([0x4B, 1, 0x4B, 2, 0x86], "(1, 2)"), ([0x4B, 1, 0x4B, 2, 0x4B, 3, 0x87], "(1, 2, 3)"),
      ([0x28, 0x4B, 1, 0x4B, 2, 0x91], "{1, 2}"), ([0x8F, 0x28, 0x4B, 1, 0x90], "{1}"),
      ([0x95, 2, 0, 0, 0, 0, 0, 0, 0, 0x4B, 1], "1"), ([0x4B, 9, 0x94, 0x30, 0x68, 0], "9"),
      ([0x4B, 9, 0x32, 0x86], "(9, 9)"), ([0x28, 0x4B, 1, 0x31, 0x4B, 2], "2"), ([0x28, 0x30, 0x4B, 2], "2"),
    ] as [([UInt8], String)])
  func binaryOpcodesHaveTheirValues(_ bytes: [UInt8], _ expected: String) throws {
    #expect(notation(try unpickle([0x80, 5] + bytes + [0x2E])) == expected)
  }

  @Test(
    arguments: [
      ("ccollections\nOrderedDict\n)R(X\u{1}\0\0\0aK\u{1}u.", "{'a': 1}"),
      ("ccollections\nOrderedDict\n(((X\u{1}\0\0\0aK\u{1}l(X\u{1}\0\0\0bK\u{2}tltR.", "{'a': 1, 'b': 2}"),
      ("ccollections\ndefaultdict\n(c__builtin__\nlist\ntR(X\u{1}\0\0\0aK\u{1}u.", "{'a': 1}"),
      ("c__builtin__\nset\n((K\u{1}K\u{2}ltR.", "{1, 2}"), ("cbuiltins\nfrozenset\n)R.", "{}"),
      ("ctorch\nSize\n((K\u{1}K\u{2}ttR.", "(1, 2)"),
      ("cpathlib\nPosixPath\n(X\u{1}\0\0\0atR.", "pathlib.PosixPath('a')"),
      ("(iargparse\nNamespace\n.", "argparse.Namespace()"),
      ("(cargparse\nNamespace\nK\u{1}o.", "argparse.Namespace(1)"),
    ])
  func callsAreRecordedAndContainersMade(_ text: String, _ expected: String) throws {
    #expect(notation(try unpickle(Array(text.utf8))) == expected)
  }

  @Test func aListThatGrowsAfterItWasRememberedGrowsEverywhere() throws {
    // ([1], the same list): the second reference is taken before the append.
    let bytes: [UInt8] = [0x5D, 0x71, 0, 0x68, 0, 0x4B, 1, 0x61, 0x86, 0x2E]
    #expect(notation(try unpickle(bytes)) == "([1], [1])")
  }

  @Test func theLastOfRepeatedKeysCounts() throws {
    let value = try unpickle(
      PickleAssembler.make {
        $0.dictionary([("a", { $0.integer(1) }), ("b", { $0.integer(2) }), ("a", { $0.integer(3) })])
      })
    #expect(notation(value) == "{'a': 3, 'b': 2}")
    #expect(value.repeatedKeys == 1)
    #expect(value["a"]?.asInteger == 3)
    #expect(value.keys == ["a", "b"])
  }

  @Test func keysThatOnlyLookAlikeAreTwo() throws {
    let value = try unpickle(
      PickleAssembler.make { $0.dictionary([("\u{E9}", { $0.integer(1) }), ("e\u{301}", { $0.integer(2) })]) })
    #expect(value.repeatedKeys == 0)
    #expect(value["\u{E9}"]?.asInteger == 1)
    #expect(value["e\u{301}"]?.asInteger == 2)
  }

  @Test func attributesComeFromDictionariesSlotsAndItems() throws {
    let value = try unpickle(
      PickleAssembler.make { pickle in
        pickle.raw("cargparse\nNamespace\n)")
        pickle.raw([0x81])
        pickle.dictionary([("a", { $0.integer(1) })])
        pickle.dictionary([("b", { $0.integer(2) })])
        pickle.raw([0x86])
        pickle.raw("b")
        pickle.dictionary([("a", { $0.integer(5) })])
        pickle.raw("b")
        pickle.text("c")
        pickle.integer(3)
        pickle.raw("s")
      })
    #expect(value["a"]?.asInteger == 5)
    #expect(value["b"]?.asInteger == 2)
    #expect(value["c"]?.asInteger == 3)
    #expect(value.className == "argparse.Namespace")
  }

  @Test func keywordsOfNewObjectsAreTheirAttributes() throws {
    let value = try unpickle(
      PickleAssembler.make { pickle in
        pickle.raw("cargparse\nNamespace\n)")
        pickle.dictionary([("a", { $0.integer(1) })])
        pickle.raw([0x92])
      })
    #expect(value["a"]?.asInteger == 1)
  }
}
