import Platform
import Testing

@testable import Loader

@Suite struct DistributedCheckpointTests {
  static let lines = TorchFixture.expected.filter { $0.file.hasPrefix("dcp") }

  private static func read(_ folder: String) throws -> (FileTable, DistributedCheckpoint) {
    var (files, index) = try TorchFixture.open(folder + "/.metadata")
    let checkpoint = try DistributedCheckpoint.read(index, in: &files, policy: PicklePolicy())
    return (files, checkpoint)
  }

  @Test(arguments: lines)
  func chunksPutTogetherAreTheTensor(_ expected: TorchFixture.Expected) throws {
    let (files, checkpoint) = try Self.read(expected.file)
    let tensor = try #require(checkpoint.tensors.first { $0.name == expected.path })
    #expect(tensor.dtype == expected.dtype)
    #expect(tensor.shape == expected.shape)
    let element = try #require(tensor.dtype.byteSize)
    let whole = StoredTensor(
      dtype: tensor.dtype, shape: tensor.shape, location: StoredTensor.Location(file: 0, offset: 0))
    var bytes = [UInt8](repeating: 0xEE, count: expected.bytes.count)
    for chunk in tensor.chunks {
      let elements = try TorchFixture.bytes(of: chunk.stored, in: files)
      for position in 0..<elements.count / element {
        var (rest, offset) = (position, 0)
        for axis in tensor.shape.indices.reversed() {
          let extent = chunk.stored.shape[axis]
          offset += (chunk.offsets[axis] + rest % extent) * whole.strides[axis]
          rest /= extent
        }
        for byte in 0..<element { bytes[offset + byte] = elements[position * element + byte] }
      }
    }
    #expect(bytes == expected.bytes)
  }

  @Test func pathsAndItemsThatAreNoTensorsAreListed() throws {
    let (_, checkpoint) = try Self.read("dcp")
    #expect(
      checkpoint.tensors.map(\.path) == [[.key("model"), .key("weight")], [.key("model"), .key("blocks"), .index(0)]])
    #expect(checkpoint.skipped == ["step"])
    let (_, sharded) = try Self.read("dcp_sharded")
    #expect(sharded.tensors.first { $0.name == "model.rows" }?.chunks.count == 2)
    #expect(sharded.tensors.first { $0.name == "model.one" }?.chunks.count == 1)
  }

  /// A `.metadata` of one tensor of [8, 4] floats, in these chunks and slices.
  struct Made {
    var size = [8, 4]
    var dtype = "float32"
    var chunks: [(offsets: [Int], sizes: [Int])] = [([0, 0], [4, 4]), ([4, 0], [4, 4])]
    var path = "__0_0.distcp"
    var length: Int?
    var offset = 0
    var slices = 2
    var shard = [4, 4]
    var shardType = "FloatStorage"
    var transforms = false

    private static let module = "torch.distributed.checkpoint.metadata"

    private func metadata(_ length: Int) -> [UInt8] {
      PickleAssembler.make { pickle in
        pickle.object(
          Self.module, "Metadata",
          [
            ("state_dict_metadata", { $0.dictionary([("model.w", tensor)]) }),
            ("planner_data", { $0.raw("N") }), ("storage_data", { slices(&$0, length) }),
          ])
      }
    }

    private func tensor(_ pickle: inout PickleAssembler) {
      let size: @Sendable (inout PickleAssembler, [Int]) -> Void = { pickle, values in
        pickle.global("torch", "Size")
        pickle.integers(values)
        pickle.raw([0x85])
        pickle.raw("R")
      }
      pickle.object(
        Self.module, "TensorStorageMetadata",
        [
          (
            "properties",
            {
              $0.global(Self.module, "TensorProperties")
              $0.raw(")")
              $0.raw([0x81])
              $0.raw("(")
              $0.global("torch", dtype)
              $0.raw("NNNNtb")
            }
          ),
          ("size", { size(&$0, self.size) }),
          (
            "chunks",
            { pickle in
              pickle.raw("](")
              for chunk in chunks {
                pickle.object(
                  Self.module, "ChunkStorageMetadata",
                  [("offsets", { size(&$0, chunk.offsets) }), ("sizes", { size(&$0, chunk.sizes) })])
              }
              pickle.raw("e")
            }
          ),
        ])
    }

    private func slices(_ pickle: inout PickleAssembler, _ length: Int) {
      pickle.raw("}")
      for (index, chunk) in chunks.prefix(slices).enumerated() {
        pickle.object(
          Self.module, "MetadataIndex",
          [("fqn", { $0.text("model.w") }), ("offset", { $0.integers(chunk.offsets) }), ("index", { $0.raw("N") })])
        pickle.object(
          "torch.distributed.checkpoint.filesystem", "_StorageInfo",
          [
            ("relative_path", { $0.text(path) }), ("offset", { $0.integer(offset + index * length) }),
            ("length", { $0.integer(self.length ?? length) }),
            ("transform_descriptors", { $0.raw(transforms ? "(X\u{4}\0\0\0zstdt" : "N") }),
          ])
        pickle.raw("s")
      }
    }

    func read() throws -> DistributedCheckpoint {
      let scratch = try ScratchFiles()
      let shard = PickleAssembler.make {
        $0.tensor(shardType, count: 16, size: self.shard, stride: [self.shard[1], 1])
      }
      let slice = ZipBuilder.torch(shard, storages: [("0", Array(0..<64))]).build()
      try scratch.write(slice + slice, as: "__0_0.distcp")
      try scratch.write(metadata(slice.count), as: ".metadata")
      var files = try scratch.table()
      return try DistributedCheckpoint.read(try files.open(".metadata"), in: &files, policy: PicklePolicy())
    }
  }

  @Test func aMadeCheckpointIsRead() throws {
    let checkpoint = try Made().read()
    #expect(checkpoint.tensors.first?.chunks.map(\.offsets) == [[0, 0], [4, 0]])
    #expect(checkpoint.tensors.first?.path == [.key("model.w")])
  }

  @Test(arguments: [
    (Made(path: "../x.distcp"), "not a path within"), (Made(path: "/etc/passwd"), "not a path within"),
    (Made(path: "__7_0.distcp"), "missingFile"), (Made(offset: 1 << 40), "truncated"),
    (Made(length: 1 << 40), "truncated"),
    (Made(length: 100), "no end record"), (Made(offset: 1), "zip"), (Made(slices: 1), "no slice for the chunk"),
    (Made(chunks: [([0, 0], [4, 4])]), "its chunks hold 16"),
    (Made(chunks: [([0, 0], [4, 4]), ([2, 0], [4, 4])]), "overlap"),
    (Made(chunks: [([0, 0], [4, 4]), ([5, 0], [4, 4])]), "not inside"),
    (Made(size: [1 << 40, 1 << 40]), "cannot be counted"), (Made(size: [-8, -4]), "cannot be counted"),
    (Made(dtype: "Size"), "no known dtype"), (Made(dtype: "bfloat16"), "where the metadata says BF16"),
    (Made(shard: [2, 8]), "where the metadata says F32 of [4, 4]"), (Made(shardType: "IntStorage"), "I32 of [4, 4]"),
    (Made(transforms: true), "transformed"),
  ])
  func brokenCheckpointsAreRefused(_ made: Made, _ reason: String) {
    let message = refusal { _ = try made.read() }
    #expect(message?.contains(reason) == true, "\(message ?? "it was read")")
  }

  @Test(arguments: [
    ("N", "no Metadata"), ("]", "no Metadata"), ("cposix\nsystem\n)R", "posix.system"), ("N.N", "after its pickle"),
  ])
  func otherMetadataIsRefused(_ pickle: String, _ reason: String) throws {
    let scratch = try ScratchFiles()
    try scratch.write(PickleAssembler.make { $0.raw(pickle) }, as: ".metadata")
    var files = try scratch.table()
    let index = try files.open(".metadata")
    let message = refusal { _ = try DistributedCheckpoint.read(index, in: &files, policy: PicklePolicy()) }
    #expect(message?.contains(reason) == true, "\(message ?? "it was read")")
  }

  @Test func dtypesWithoutANameAreListed() throws {
    let checkpoint = try Made(dtype: "complex128").read()
    #expect(checkpoint.tensors.isEmpty)
    #expect(checkpoint.unsupported == ["model.w"])
  }
}
