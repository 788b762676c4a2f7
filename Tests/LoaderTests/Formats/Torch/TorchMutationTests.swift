import Foundation
import Platform
import TestSupport
import Testing

@testable import Loader

/// Bytes of real files are changed and cut at random: every reader answers or refuses, and none traps or hangs.
@Suite struct TorchMutationTests {
  private func mutate(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    if Int.random(in: 0..<8, using: &random) == 0 {
      return Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
    }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let position = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[position] = 0xFF
      case 2: bytes[position] = UInt8.random(in: 0...255, using: &random)
      default: bytes.remove(at: position)
      }
    }
    return bytes
  }

  private func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: TorchFixture.folder + "/" + name)))
  }

  @Test(arguments: ["megatron.pt", "megatron_legacy.pt", "megatron_protocol4.pt", "ancient.pt", "dtypes.pt"])
  func changedTorchFilesAreReadOrRefused(_ name: String) throws {
    let scratch = try ScratchFiles()
    let bytes = try fixture(name)
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let changed = mutate(bytes, using: &random)
      do {
        let value = try scratch.read(changed)
        try check(value, size: changed.count)
      } catch let error as LoaderError {
        #expect(error.code == .invalidCheckpoint, "seed \(seed): \(error)")
      }
    }
  }

  /// The pickles alone, whose checksum would refuse nearly all of the above.
  @Test(arguments: ["megatron.pt", "megatron_protocol4.pt", "dcp/.metadata"])
  func changedPicklesAreReadOrRefused(_ name: String) throws {
    var bytes = try fixture(name)
    if name.hasSuffix(".pt") {
      let (files, index) = try TorchFixture.open(name)
      var archive = try ZipArchive(FileWindow(file: index, in: files), of: files)
      let entry = try #require(archive.directory.entries.first)
      bytes = try archive.read(entry, limit: 1 << 20, of: files)
    }
    for seed in 0..<2_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let changed = mutate(bytes, using: &random)
      if let result = try? PickleMachine.run(changed, policy: PicklePolicy()) {
        _ = InertValue(result.graph, result.root).keys
      }
    }
  }

  @Test func changedDistributedCheckpointsAreReadOrRefused() throws {
    let scratch = try ScratchFiles()
    let metadata = try fixture("dcp_sharded/.metadata")
    let slices = try ["__0_0.distcp", "__1_0.distcp"].map { ($0, try fixture("dcp_sharded/" + $0)) }
    for seed in 0..<400 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let target = Int.random(in: 0..<3, using: &random)
      try scratch.write(target == 0 ? mutate(metadata, using: &random) : metadata, as: ".metadata")
      for (index, slice) in slices.enumerated() {
        try scratch.write(target == index + 1 ? mutate(slice.1, using: &random) : slice.1, as: slice.0)
      }
      var files = try scratch.table()
      do throws(LoaderError) {
        _ = try DistributedCheckpoint.read(try files.open(".metadata"), in: &files, policy: PicklePolicy())
      } catch {
        #expect([.invalidCheckpoint, .missingFile].contains(error.code), "seed \(seed): \(error)")
      }
    }
  }

  /// Every tensor that was answered lies within its file.
  private func check(_ value: InertValue, size: Int) throws {
    guard let leaves = try? value.leaves() else { return }
    for (name, leaf) in leaves {
      guard let tensor = leaf.asTensor, !tensor.shape.contains(0) else { continue }
      let end = zip(tensor.shape, tensor.strides).reduce(tensor.location.offset) { $0 + ($1.0 - 1) * $1.1 }
      #expect(end + (tensor.dtype.byteSize ?? 1) <= size, "\(name)")
    }
  }
}
