import Foundation
import Platform
import Testing

@testable import Loader

@Suite struct TorchLegacyTests {
  private static let magic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  struct Made: Sendable {
    var version: [UInt8] = [0x80, 2, 0x4D, 0xE9, 3, 0x2E]
    var isLittleEndian = true
    var key = "0"
    var count = 16
    /// The key of a view, its offset and its count.
    var view: (String, Int, Int)?
    var keys = ["0"]
    var size: Int64 = 16
    var data = 64
    var filler = 0

    func bytes() -> [UInt8] {
      var bytes = TorchLegacyTests.magic + version
      bytes += PickleAssembler.make { $0.dictionary([("little_endian", { $0.raw([isLittleEndian ? 0x88 : 0x89]) })]) }
      bytes += PickleAssembler.make { pickle in
        pickle.raw("}")
        pickle.text("filler")
        pickle.text(String(repeating: "x", count: filler))
        pickle.raw("s")
        pickle.text("w")
        pickle.global("torch._utils", "_rebuild_tensor")
        pickle.raw("((")
        pickle.text("storage")
        pickle.global("torch", "FloatStorage")
        pickle.text(key)
        pickle.text("cpu")
        pickle.integer(count)
        if let view {
          pickle.raw("(")
          pickle.text(view.0)
          pickle.integer(view.1)
          pickle.integer(view.2)
          pickle.raw("t")
        } else {
          pickle.raw("N")
        }
        pickle.raw("tQ")
        pickle.integer(0)
        pickle.integers([4])
        pickle.integers([1])
        pickle.raw("tRs")
      }
      bytes += PickleAssembler.make { pickle in
        pickle.raw("](")
        for key in keys { pickle.text(key) }
        pickle.raw("e")
      }
      return bytes + littleEndian(size) + (0..<data).map { UInt8($0) }
    }
  }

  @Test(arguments: [
    (Made(), 0), (Made(view: ("v", 4, 4)), 16), (Made(view: ("v", 12, 4)), 48), (Made(filler: 300_000), 0),
  ])
  func storagesFollowThePickles(_ made: Made, _ first: Int) throws {
    let scratch = try ScratchFiles()
    let bytes = made.bytes()
    try scratch.write(bytes)
    var files = try scratch.table()
    let value = try TorchFile.read(try files.open("file.pt"), in: &files, policy: PicklePolicy())
    let tensor = try #require(value["w"]?.asTensor)
    #expect(try TorchFixture.bytes(of: tensor, in: files) == (first..<first + 16).map { UInt8($0) })
  }

  @Test(arguments: [
    (Made(version: [0x80, 2, 0x4B, 1, 0x2E]), "another version"), (Made(isLittleEndian: false), "big-endian"),
    (Made(keys: []), "no storage 0"), (Made(keys: ["1"]), "does not refer to"), (Made(keys: ["0", "0"]), "twice"),
    (Made(size: 15), "elements, where"), (Made(size: -1), "elements, where"), (Made(size: .max), "elements, where"),
    (Made(data: 60), "truncated"), (Made(data: 0), "truncated"), (Made(view: ("v", 13, 4)), "needs 16 bytes at 52"),
    (Made(view: ("v", 0, 2)), "reaches byte 16 of a storage of 8"), (Made(view: ("v", -1, 4)), "view of a storage"),
    (Made(count: -16), "number of elements"),
  ])
  func brokenFilesAreRefused(_ made: Made, _ reason: String) throws {
    let scratch = try ScratchFiles()
    let message = refusal { _ = try scratch.read(made.bytes()) }
    #expect(message?.contains(reason) == true, "\(message ?? "it was read")")
  }

  @Test(arguments: 1..<60)
  func aFileCutAnywhereIsRefused(_ part: Int) throws {
    let scratch = try ScratchFiles()
    let bytes = Made().bytes()
    #expect(refusal { _ = try scratch.read(Array(bytes.prefix(bytes.count * part / 60))) } != nil)
  }

  @Test func tarFilesHaveTheirThreeMembers() throws {
    let scratch = try ScratchFiles()
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: TorchFixture.folder + "/ancient.pt")))
    #expect(refusal { _ = try scratch.read(Array(bytes.prefix(1_000))) } != nil)
    let start = try #require(bytes.firstRange(of: Array("tensors".utf8))?.lowerBound)
    // Another name of equal length, and the header's checksum with it.
    bytes[start] = UInt8(ascii: "s")
    bytes[start + 1] = UInt8(ascii: "f")
    #expect(refusal { _ = try scratch.read(bytes) }?.contains("without 'tensors'") == true)
  }
}
