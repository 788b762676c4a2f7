import Platform
import Testing

@testable import Loader

@Suite struct NumPyFileTests {
  static let lines = TorchFixture.expected.filter { $0.file.hasSuffix(".npy") }

  @Test(arguments: lines)
  func arraysHaveNumPysBytes(_ expected: TorchFixture.Expected) throws {
    var (files, index) = try TorchFixture.open(expected.file)
    #expect(try NumPyFile.detect(index, in: files))
    let tensor = try NumPyFile.read(index, in: &files)
    #expect(tensor.dtype == expected.dtype)
    #expect(tensor.shape == expected.shape)
    #expect(try TorchFixture.bytes(of: tensor, in: files) == expected.bytes)
    #expect(files.entries[index].metadataDigest.count == 32)
  }

  @Test func onlyTrueFortranOrderIsStrided() throws {
    #expect(Self.lines.count == 9)
    for (name, isStrided) in [("f4_fortran", true), ("row_fortran", false), ("f2", false), ("scalar", false)] {
      var (files, index) = try TorchFixture.open("../numpy/\(name).npy")
      #expect((try NumPyFile.read(index, in: &files).location.strides != nil) == isStrided)
    }
  }

  @Test(arguments: [("big_endian", "big-endian"), ("structured", "structured"), ("objects", "Python objects")])
  func arraysOfOtherThingsAreRefused(_ name: String, _ reason: String) throws {
    var (files, index) = try TorchFixture.open("../numpy/\(name).npy")
    #expect(refusal { _ = try NumPyFile.read(index, in: &files) }?.contains(reason) == true)
  }

  private static func file(_ header: String, version: [UInt8] = [1, 0], data: Int = 24) -> [UInt8] {
    let length = version == [1, 0] ? littleEndian(UInt16(header.utf8.count)) : littleEndian(UInt32(header.utf8.count))
    return [0x93] + Array("NUMPY".utf8) + version + length + header.utf8 + [UInt8](repeating: 0, count: data)
  }

  private static func header(_ shape: String, descr: String = "'<f4'", order: String = "False") -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }    \n"
  }

  @Test(
    arguments: [
      (file(header("(2, 3)")), nil), (file(header("(2, 3)"), version: [3, 0]), nil), (file(header("(6L,)")), nil),
      (file(header("()"), data: 4), nil), (file(header("(2, 3)", descr: "\"<f4\"")), nil),
      (file(header("(2, 3)", order: "True")), nil), (file(header("(0, 3)"), data: 0), nil),
      ([], "does not begin"), (Array("NUMPY".utf8), "does not begin"),
      ([0x93] + Array("NUMPY".utf8) + [1], "ends within"),
      (file(header("(2, 3)"), version: [4, 0]), "version 4.0"), (file(header("(2, 3)"), data: 20), "takes 24"),
      (file(header("(2, 3)"), data: 28), "takes 24"), (file(header("(1099511627776, 1099511627776)")), "more than"),
      (file(header("(-2, -3)")), "no tuple of sizes"), (file(header("(6)")), "no dictionary"),
      (file(header("(2, 3)", order: "0")), "no dictionary"), (file(header("[2, 3]")), "no tuple of sizes"),
      (file(header("(2, 3)", descr: "'<f2'*2")), "no dictionary"),
      (file(header("(2, 3)", descr: "'|O'")), "Python objects"),
      (file(header("(2, 3)", descr: "'<V4'")), "no name"),
      (file(header("(2, 3)", descr: "[('a', '<f4')]")), "structured"),
      (file("{'descr': '<f4', 'fortran_order': False}"), "other keys"),
      (file("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}"), "other keys"),
      (file("__import__('os').system('id')"), "no dictionary"), (file("{'descr': exec('1')}"), "no dictionary"),
      (file(header("(2, 3)") + "x"), "no dictionary"), (file("{'descr': '<f4"), "no dictionary"),
      ([0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF], "at most"),
      ([0x93] + Array("NUMPY".utf8) + [1, 0, 0xFF, 0xFF, 0x7B], "truncated"),
      (file(header("(" + String(repeating: "1,", count: 100) + ")"), data: 4), "100 dimensions"),
    ] as [([UInt8], String?)])
  func headersAreLiteralsThatFitTheFile(_ bytes: [UInt8], _ expected: String?) throws {
    let scratch = try ScratchFiles()
    try scratch.write(bytes, as: "a.npy")
    var files = try scratch.table()
    let index = try files.open("a.npy")
    let reason = refusal { _ = try NumPyFile.read(index, in: &files) }
    if let expected {
      #expect(reason?.contains(expected) == true, "\(reason ?? "it was read")")
    } else {
      #expect(reason == nil)
    }
  }
}
