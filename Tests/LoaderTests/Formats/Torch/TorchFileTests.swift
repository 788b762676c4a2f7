import Platform
import Testing

@testable import Loader

@Suite struct TorchFileTests {
  static let torchLines = TorchFixture.expected.filter { $0.file.hasSuffix(".pt") }

  @Test func theFixturesAreThere() {
    #expect(Set(Self.torchLines.map(\.file)).count == 8)
  }

  /// Walks a path of keys joined by slashes.
  private func find(_ path: String, in value: InertValue) throws -> InertValue {
    var value = value
    for key in path.split(separator: "/").map(String.init) {
      guard case .dictionary(let entries) = value.kind else { throw LoaderError(.notFound, path) }
      let entry = entries.last { $0.key.asText == key || $0.key.asInteger.map { String($0) } == key }
      value = try #require(entry).value
    }
    return value
  }

  @Test(arguments: torchLines)
  func tensorsHaveTorchsBytes(_ expected: TorchFixture.Expected) throws {
    let (files, value) = try TorchFixture.read(expected.file)
    let tensor = try #require(try find(expected.path, in: value).asTensor)
    #expect(tensor.dtype == expected.dtype)
    #expect(tensor.shape == expected.shape)
    #expect(try TorchFixture.bytes(of: tensor, in: files) == expected.bytes)
  }

  @Test(arguments: ["megatron.pt", "megatron_legacy.pt", "megatron_protocol4.pt", "megatron_protocol5.pt"])
  func valuesBesideTensorsAreSeen(_ file: String) throws {
    let (_, value) = try TorchFixture.read(file)
    let arguments = try #require(value["args"])
    #expect(arguments.className == "argparse.Namespace")
    #expect(arguments["num_layers"]?.asInteger == 2)
    #expect(arguments["lr"]?.asNumber == 1.5e-4)
    #expect(arguments["vocab"]?.isNone == true)
    #expect(arguments["absent"] == nil)
    guard case .global("torch.float16")? = arguments["params_dtype"]?.kind else {
      Issue.record("params_dtype is no dtype")
      return
    }
    #expect(value["checkpoint_version"]?.asNumber == 3)
    #expect(value["iteration"]?.asInteger == 100)
    #expect(value["negative"]?.asInteger == -(1 << 40))
    #expect(value["big"]?.asInteger == nil)
    #expect(try value["module"]?.leaves().count == 10)
    #expect(value.keys.first == "module")
  }

  @Test func wholeRecordsHaveTheirChecksumAndPartsHaveNone() throws {
    let (_, value) = try TorchFixture.read("megatron.pt")
    let module = try #require(value["module"])
    #expect(module["parameter"]?.asTensor?.location.checksum != nil)
    #expect(module["views.whole"]?.asTensor?.location.checksum != nil)
    #expect(module["views.transposed"]?.asTensor?.location.checksum == nil)
    #expect(module["views.tail"]?.asTensor?.location.checksum == nil)
    #expect(module["views.tied"]?.asTensor == module["views.whole"]?.asTensor)
    let (_, without) = try TorchFixture.read("without_crc.pt")
    #expect(without["a"]?.asTensor?.location.checksum == nil)
  }

  @Test(arguments: ["sparse", "complex128", "quantized", "conjugate", "meta"])
  func whatHasNoPlainBytesIsOpaque(_ key: String) throws {
    let (_, value) = try TorchFixture.read("opaque.pt")
    guard case .opaque? = value[key]?.kind else {
      Issue.record("\(key) is not opaque")
      return
    }
    #expect(value["plain"]?.asTensor != nil)
  }

  @Test(arguments: [
    ("megatron.pt", TorchFile.Container.zip), ("megatron_legacy.pt", .legacy), ("ancient.pt", .tar), ("make.py", nil),
  ])
  func containersAreToldByTheirBytes(_ file: String, _ container: TorchFile.Container?) throws {
    let (files, index) = try TorchFixture.open(file)
    #expect(try TorchFile.detect(index, in: files) == container)
  }

  @Test func whatAReaderParsedIsPartOfTheIdentity() throws {
    let (first, _) = try TorchFixture.read("megatron.pt")
    let (second, _) = try TorchFixture.read("megatron_legacy.pt")
    #expect(first.entries[0].metadataDigest.count == 32)
    #expect(first.entries[0].metadataDigest != second.entries[0].metadataDigest)
  }

  @Test func aZipInsideAFileIsLocatedInTheOuterFile() throws {
    let scratch = try ScratchFiles()
    let pickle = PickleAssembler.module { $0.tensor(count: 4, size: [4], stride: [1]) }
    let inner = ZipBuilder.torch(pickle, storages: [("0", Array(0..<16))]).build()
    try scratch.write([UInt8](repeating: 7, count: 1_000) + inner + [1, 2, 3])
    var files = try scratch.table()
    let index = try files.open("file.pt")
    let value = try TorchFile.read(
      index, offset: 1_000, length: UInt64(inner.count), in: &files, policy: PicklePolicy())
    let tensor = try #require(value["module"]?["w"]?.asTensor)
    #expect(try TorchFixture.bytes(of: tensor, in: files) == Array(0..<16))
    #expect(
      refusal {
        _ = try TorchFile.read(index, offset: 1_000, length: 1 << 40, in: &files, policy: PicklePolicy())
      }?.contains("truncated") == true)
  }

  @Test(
    arguments: [
      ([], "is empty"), ([0x4B], "no file of torch.save"),
      (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "git-lfs pointer"),
      (PickleAssembler.make { $0.raw("}") }, "plain pickle"),
    ] as [([UInt8], String)])
  func otherFilesAreRefusedByWhatTheyAre(_ bytes: [UInt8], _ reason: String) throws {
    let scratch = try ScratchFiles()
    #expect(try #require(refusal { _ = try scratch.read(bytes) }).contains(reason))
  }
}
