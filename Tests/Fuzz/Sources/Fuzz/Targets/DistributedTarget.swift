@testable import Loader

/// The `.metadata` of a distributed checkpoint, beside the data files of the fixtures.
struct DistributedTarget: FuzzTarget {
  private let files: [ScratchFile]

  init() throws {
    let own = try ScratchFile(name: ".metadata")
    files = try ["dcp", "dcp_sharded"].map { name in
      let fixture = Fixtures.folder + "/torch/" + name
      let file = try ScratchFile(name: ".metadata", folder: "\(own.folder)/\(name)")
      try Fixtures.copy(fixture, into: file.folder)
      return file
    }
  }

  func run(_ bytes: [UInt8]) {
    checkTiling(bytes)
    for file in files {
      var table = file.table(bytes)
      do throws(LoaderError) {
        let index = try table.open(".metadata")
        let checkpoint = try DistributedCheckpoint.read(index, in: &table, policy: PicklePolicy())
        for tensor in checkpoint.tensors {
          for chunk in tensor.chunks { promise(chunk.stored, liesIn: table) }
        }
        return
      } catch {
        promiseOneLine(error.description)
      }
    }
  }

  /// Chunks that are said to tile a tensor lie inside it, and their elements are as many as its own.
  private func checkTiling(_ bytes: [UInt8]) {
    guard let result = try? PickleMachine.run(bytes, policy: PicklePolicy()),
      let metadata = try? DistributedMetadata(InertValue(result.graph, result.root))
    else { return }
    for tensor in metadata.tensors.prefix(100) where (try? ChunkTiling.check(tensor.chunks, tile: tensor.shape)) != nil
    {
      var count = 0
      for chunk in tensor.chunks {
        for (axis, extent) in tensor.shape.enumerated() {
          promise(chunk.offsets[axis] >= 0 && chunk.offsets[axis] + chunk.sizes[axis] <= extent, "a chunk outside")
        }
        count += chunk.sizes.reduce(1, *)
      }
      promise(count == tensor.shape.reduce(1, *), "chunks of more or fewer elements than the tensor has")
    }
  }
}
