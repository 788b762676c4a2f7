import Testing

@testable import Loader

@Suite struct ZipArchiveTests {
  private static let pickle = PickleAssembler.module { $0.tensor(count: 4, size: [4], stride: [1]) }

  private static func zip(_ change: (inout ZipBuilder) -> Void = { _ in }) -> [UInt8] {
    var zip = ZipBuilder.torch(pickle, storages: [("0", Array(0..<16)), ("1", Array(0..<16))])
    change(&zip)
    return zip.build()
  }

  private static let wideSize = littleEndian(UInt16(1)) + littleEndian(UInt16(16))

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the error says; nil where the file is read.
    let reason: String?
    let bytes: [UInt8]

    init(_ name: String, _ reason: String?, _ bytes: [UInt8]) {
      testDescription = name
      self.reason = reason
      self.bytes = bytes
    }
  }

  static let sound = [
    Case("plain", nil, zip()),
    Case("with zip64 end records", nil, zip { $0.wide = true }),
    Case(
      "zip64 end records over saturated ones", nil,
      zip {
        $0.wide = true
        $0.claimedCount = .max
        $0.claimedDirectoryOffset = .max
        $0.claimedDirectorySize = .max
      }),
    Case("a comment", nil, zip { $0.comment = Array("PK\u{5}\u{6} and more".utf8) }),
    Case("a long comment", nil, zip { $0.comment = [UInt8](repeating: 65, count: 65_535) }),
    Case("bytes that are aligned by padding", nil, zip { $0.entries[2].localExtra = [UInt8](repeating: 0, count: 37) }),
    Case(
      "an entry that nothing refers to, with another's local header", nil,
      zip { $0.entries[3].localName = "archive/data/0" }),
    Case(
      "a folder's entry", nil,
      zip { $0.entries.append(ZipBuilder.Entry(name: "archive/data/", bytes: [])) }),
    Case(
      "a size in a zip64 field", nil,
      zip {
        $0.entries[2].claimedSize = .max
        $0.entries[2].extra = wideSize + littleEndian(UInt64(16)) + littleEndian(UInt64(16))
      }),
    Case("a checksum that was left out", nil, zip { $0.entries[0].checksum = 0 }),
  ]

  static let broken = [
    Case("without its last byte", "no end record", zip().dropLast()),
    Case("cut before its directory", "no end record", Array(zip().prefix(400))),
    Case("without its first bytes", "no file of torch.save", Array(zip().dropFirst(100))),
    Case("more entries than there are", "claims 65534", zip { $0.claimedCount = 65_534 }),
    Case("fewer entries than there are", "after the last entry", zip { $0.claimedCount = 1 }),
    Case("a directory past the end", "runs past", zip { $0.claimedDirectoryOffset = .max - 15 }),
    Case("a directory that is too long", "runs past", zip { $0.claimedDirectorySize = 1 << 20 }),
    Case("a directory somewhere else", "no zip entry", zip { $0.claimedDirectoryOffset = 0 }),
    Case(
      "end records that contradict each other", "contradict",
      zip {
        $0.wide = true
        $0.claimedDirectoryOffset = 3
      }),
    Case(
      "a zip64 directory at the end of the world", "runs past",
      zip {
        $0.wide = true
        $0.claimedDirectoryOffset = .max
        $0.wideDirectoryOffset = .max
      }),
    Case("saturated without zip64 records", "without a zip64", zip { $0.claimedCount = .max }),
    Case("a local header past the end", "past the end", zip { $0.entries[0].claimedOffset = 0x7FFF_FFFF }),
    Case("a pickle of 2 GB", "runs into the directory", zip { $0.entries[0].claimedSize = 0x7FFF_FFFF }),
    Case("an entry that reaches into the directory", "runs into", zip { $0.entries[2].claimedSize = 4_096 }),
    Case("an encrypted entry", "encrypted", zip { $0.entries[0].flags |= 1 }),
    Case("a deflated pickle", "deflate", zip { $0.entries[0].method = 8 }),
    Case("a deflated storage", "deflate", zip { $0.entries[2].method = 8 }),
    Case("an unknown method", "method 99", zip { $0.entries[2].method = 99 }),
    Case("the same name twice", "twice", zip { $0.entries[3].name = "archive/data.pkl" }),
    Case("two folders", "several folders", zip { $0.entries[3].name = "b/data.pkl" }),
    Case("an entry in no folder", "several folders", zip { $0.entries[3].name = "data.pkl" }),
    Case("a name that leads out", "leads out", zip { $0.entries[3].name = "archive/../../x" }),
    Case("an absolute name", "leads out", zip { $0.entries[3].name = "/etc/passwd" }),
    Case("a name with a backslash", "leads out", zip { $0.entries[3].name = "archive\\x" }),
    Case("no pickle", "without archive/data.pkl", zip { $0.entries[0].name = "archive/other" }),
    Case("TorchScript", "TorchScript", zip { $0.entries[3].name = "archive/constants.pkl" }),
    Case("no entries", "without entries", ZipBuilder().build()),
    Case("another name in the local header", "another zip entry", zip { $0.entries[2].localName = "archive/data/9" }),
    Case("no local header", "another zip entry", zip { $0.entries[2].localSignature = 0 }),
    Case("a pickle whose checksum is wrong", "CRC-32", zip { $0.entries[0].checksum = 1 }),
    Case(
      "two records over the same bytes", "another zip entry",
      ZipBuilder.overlapping.build()),
    Case(
      "a zip64 size that no file has", "runs into",
      zip {
        $0.entries[2].claimedSize = .max
        $0.entries[2].extra = wideSize + littleEndian(UInt64(1) << 63) + littleEndian(UInt64(1) << 63)
      }),
    Case(
      "a zip64 offset that wraps around", "past the end",
      zip {
        $0.entries[2].claimedOffset = .max
        $0.entries[2].extra = littleEndian(UInt16(1)) + littleEndian(UInt16(8)) + littleEndian(UInt64.max - 7)
      }),
    Case(
      "a zip64 field that is cut short", "cut short",
      zip {
        $0.entries[2].claimedSize = .max
        $0.entries[2].extra = littleEndian(UInt16(1)) + littleEndian(UInt16(8)) + littleEndian(UInt64(16))
      }),
    Case(
      "a name that runs past the directory", "ends within an entry",
      zip {
        $0.entries = [$0.entries[0]]
        $0.claimedDirectorySize = 50
      }),
  ]

  @Test(arguments: sound)
  func soundFilesAreRead(_ test: Case) throws {
    let scratch = try ScratchFiles()
    let value = try scratch.read(test.bytes)
    let files = try scratch.table()
    var table = files
    _ = try table.open("file.pt")
    let tensor = try #require(value["module"]?["w"]?.asTensor)
    #expect(try TorchFixture.bytes(of: tensor, in: table) == Array(0..<16))
  }

  @Test(arguments: broken)
  func brokenFilesAreRefused(_ test: Case) throws {
    let scratch = try ScratchFiles()
    let reason = refusal { _ = try scratch.read(test.bytes) }
    #expect(reason?.contains(test.reason ?? "") == true, "\(reason ?? "it was read")")
  }
}

extension ZipBuilder {
  /// Two storages that the pickle refers to, whose directory entries lead to the same local header.
  fileprivate static var overlapping: ZipBuilder {
    let pickle = PickleAssembler.make { pickle in
      pickle.raw("(")
      pickle.tensor(key: "0", count: 4, size: [4], stride: [1])
      pickle.tensor(key: "1", count: 4, size: [4], stride: [1])
      pickle.raw("t")
    }
    var zip = ZipBuilder.torch(pickle, storages: [("0", Array(0..<16)), ("1", Array(0..<16))])
    let header = zip.entries[0...1].reduce(0) { $0 + 30 + $1.name.utf8.count + $1.bytes.count }
    zip.entries[3].claimedOffset = UInt32(header)
    return zip
  }
}
