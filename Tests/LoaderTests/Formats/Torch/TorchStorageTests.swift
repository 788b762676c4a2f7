import Platform
import Testing

@testable import Loader

@Suite struct TorchStorageTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the error says; nil where the file is read.
    let reason: String?
    let write: @Sendable (inout PickleAssembler) -> Void
  }

  private static func tensor(
    _ name: String, _ reason: String?, type: String = "FloatStorage", key: String = "0", count: Int = 16,
    offset: Int = 0, size: [Int] = [4, 4], stride: [Int] = [4, 1]
  ) -> Case {
    Case(testDescription: name, reason: reason) {
      $0.tensor(type, key: key, count: count, offset: offset, size: size, stride: stride)
    }
  }

  static let cases = [
    tensor("plain", nil),
    tensor("a storage that is shorter than its record", nil, count: 4, size: [4], stride: [1]),
    tensor("bytes without a type", nil, type: "UntypedStorage", count: 64, size: [64], stride: [1]),
    tensor("stride 0, one element seen 2^40 times", nil, count: 1, size: [1 << 20, 1 << 20], stride: [0, 0]),
    tensor("empty at any offset", nil, offset: 1 << 40, size: [0, 4], stride: [4, 1]),
    tensor("a record that is too short", "its record has 64", count: 1_024, size: [1_024], stride: [1]),
    tensor("a count that understates", "reaches byte 64 of a storage of 16", count: 4),
    tensor("sizes whose product overflows", "cannot be counted", size: [1 << 62, 4], stride: [0, 0]),
    tensor("bytes that overflow to zero", "number of elements", count: 1 << 62, size: [1 << 62], stride: [1]),
    tensor("negative sizes", "negative", size: [-4, -4]),
    tensor("a negative offset", "negative", offset: -8, size: [4], stride: [1]),
    tensor("an offset past the end", "reaches byte", offset: 1 << 40, size: [4], stride: [1]),
    tensor("an offset that overflows", "cannot be counted", offset: .max, size: [4], stride: [1]),
    tensor("a negative stride", "negative", size: [4], stride: [-1]),
    tensor("a huge stride", "cannot be counted", size: [4], stride: [1 << 61]),
    tensor("a sum that wraps around", "cannot be counted", offset: 1 << 60, size: [5], stride: [1 << 60]),
    tensor("more sizes than strides", "3 sizes and 2 strides", size: [2, 2, 2]),
    tensor(
      "5000 dimensions", "5000 dimensions", size: [Int](repeating: 1, count: 5_000),
      stride: [Int](repeating: 1, count: 5_000)),
    tensor("a missing record", "no record archive/data/7", key: "7"),
    tensor("a key that leads out", "no record", key: "../../../../etc/passwd"),
    tensor("an absolute key", "no record", key: "/etc/passwd"),
    tensor("an unknown class", "torch.Float7Storage", type: "Float7Storage"),
    tensor("a class that is no storage", "which is none", type: "float32"),
    Case(testDescription: "a size that no word holds", reason: "no integers") {
      $0.global("torch._utils", "_rebuild_tensor_v2")
      $0.raw("(")
      $0.storage(count: 16)
      $0.integer(0)
      $0.raw([0x8A, 13] + [UInt8](repeating: 0, count: 12) + [0x10])
      $0.raw([0x85])
      $0.integers([1])
      $0.raw("NNtR")
    },
    Case(testDescription: "a key that is a dictionary", reason: "no text") {
      $0.raw("(")
      $0.text("storage")
      $0.global("torch", "FloatStorage")
      $0.raw("}")
      $0.text("cpu")
      $0.integer(4)
      $0.raw("tQ")
    },
    Case(testDescription: "another kind of persistent id", reason: "no storage") {
      $0.raw("(")
      $0.text("module")
      $0.global("torch", "FloatStorage")
      $0.text("0")
      $0.text("cpu")
      $0.integer(4)
      $0.raw("tQ")
    },
    Case(testDescription: "a persistent id that is a text", reason: "no storage") {
      $0.text("storage")
      $0.raw("Q")
    },
    Case(testDescription: "a persistent id of two items", reason: "no storage") {
      $0.text("storage")
      $0.text("0")
      $0.raw([0x86])
      $0.raw("Q")
    },
    Case(testDescription: "too few arguments", reason: "with 2 arguments") {
      $0.global("torch._utils", "_rebuild_tensor_v2")
      $0.storage(count: 16)
      $0.integer(0)
      $0.raw([0x86])
      $0.raw("R")
    },
    Case(testDescription: "a tensor of no storage", reason: "no storage") {
      $0.global("torch._utils", "_rebuild_tensor")
      $0.raw("(N")
      $0.integer(0)
      $0.raw("))tR")
    },
    Case(testDescription: "a parameter of a number", reason: "no tensor") {
      $0.global("torch._utils", "_rebuild_parameter")
      $0.raw("(K\u{1}NNtR")
    },
  ]

  @Test(arguments: cases)
  func tensorsLieWithinTheirStorages(_ test: Case) throws {
    let scratch = try ScratchFiles()
    let file = ZipBuilder.torch(PickleAssembler.module(test.write), storages: [("0", Array(0..<64))]).build()
    var value: InertValue?
    let reason = refusal { value = try scratch.read(file) }
    if let expected = test.reason {
      #expect(reason?.contains(expected) == true, "\(reason ?? "it was read")")
    } else {
      #expect(reason == nil)
      #expect(value?["module"]?["w"]?.asTensor != nil)
    }
  }

  @Test(arguments: [("little", true), ("big", false), ("", false)])
  func onlyLittleEndianFilesAreRead(_ order: String, _ isRead: Bool) throws {
    let scratch = try ScratchFiles()
    var zip = ZipBuilder.torch(PickleAssembler.make { $0.raw("}") })
    zip.entries[1].bytes = Array(order.utf8)
    let reason = refusal { _ = try scratch.read(zip.build()) }
    #expect((reason == nil) == isRead)
    if let reason { #expect(reason.contains("byte order '\(order)'")) }
  }

  @Test(arguments: [("3\n", true), ("10", true), ("11\n", false), ("x", false), ("0", false)])
  func unknownVersionsAreRefused(_ version: String, _ isRead: Bool) throws {
    let scratch = try ScratchFiles()
    var zip = ZipBuilder.torch(PickleAssembler.make { $0.raw("}") })
    zip.entries[2].bytes = Array(version.utf8)
    #expect((refusal { _ = try scratch.read(zip.build()) } == nil) == isRead)
  }
}
