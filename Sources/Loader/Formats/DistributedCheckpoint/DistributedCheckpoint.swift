import Platform

/// A PyTorch distributed checkpoint: a folder of a `.metadata` file and `*.distcp` files, each of whose slices is a file of
/// `torch.save` of its own.
///
/// Source: torch/distributed/checkpoint/filesystem.py, `FileSystemReader` and `_write_item`.
struct DistributedCheckpoint: Sendable {
  /// A step of a path into the nested state dict that was saved.
  enum PathPart: Hashable, Sendable {
    /// A dictionary's key.
    case key(String)
    /// A list's index.
    case index(Int)
  }

  /// A chunk of a tensor.
  struct Chunk: Hashable, Sendable {
    /// Its first index along each axis of the whole.
    let offsets: [Int]
    /// Its elements: their shape is the chunk's.
    let stored: StoredTensor
  }

  /// A tensor, whole, and the chunks that tile it exactly.
  struct Tensor: Sendable {
    /// The key in the flattened state dict.
    let name: String
    /// The path in the nested one; the name alone where the checkpoint does not say.
    let path: [PathPart]
    /// The element's type.
    let dtype: DType
    /// The extents of the whole.
    let shape: [Int]
    /// The chunks, in the order of the metadata; those without elements are left out.
    let chunks: [Chunk]
  }

  /// The tensors, in the order of the metadata.
  let tensors: [Tensor]
  /// The keys of items that are no tensors (bytes, as of step counters and arguments), which are not read.
  let skipped: [String]
  /// The keys of tensors of dtypes that safetensors has no name for, which are not read either.
  let unsupported: [String]

  /// The name of the file that describes the others.
  static let metadataName = ".metadata"

  /// Reads a checkpoint by its metadata file, which lies beside the others.
  static func read(
    _ index: Int, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> DistributedCheckpoint {
    let name = files.entries[index].name
    var stream = PickleStream(
      file: index, from: 0, to: files.entries[index].file.size, of: files, policy: policy)
    let result = try stream.next("the metadata", in: files)
    guard stream.remaining == 0 else {
      throw .invalid(name, "has \(stream.remaining) bytes after its pickle's STOP")
    }
    files.identify(index, by: stream.pickles)
    do throws(LoaderError) {
      let metadata = try DistributedMetadata(InertValue(result.graph, result.root))
      var reader = Reader(metadata: metadata, folder: Path.folder(of: name), policy: policy)
      return try reader.read(in: &files)
    } catch {
      throw error.of(name)
    }
  }

  /// Finds the chunks' bytes.
  private struct Reader {
    let metadata: DistributedMetadata
    let folder: String
    let policy: PicklePolicy

    /// A chunk that has elements, and where its slice is.
    private struct Wanted {
      let tensor: Int
      let box: ChunkTiling.Box
      let file: Int
      let slice: DistributedMetadata.Slice
    }

    init(metadata: DistributedMetadata, folder: String, policy: PicklePolicy) {
      self.metadata = metadata
      self.folder = folder
      self.policy = policy
    }

    mutating func read(in files: inout FileTable) throws(LoaderError) -> DistributedCheckpoint {
      var wanted: [Wanted] = []
      for (index, tensor) in metadata.tensors.enumerated() where tensor.dtype != nil {
        try check(tensor)
        wanted += try find(tensor, index, in: &files)
      }
      // Slices are read in the order in which they lie, and chunks then stand in the order of the metadata again.
      let inOrder = wanted.indices.sorted {
        (wanted[$0].file, wanted[$0].slice.offset) < (wanted[$1].file, wanted[$1].slice.offset)
      }
      var stored: [Int: Chunk] = [:]
      for index in inOrder { stored[index] = try locate(wanted[index], in: &files) }
      var chunks = [[Chunk]](repeating: [], count: metadata.tensors.count)
      for index in wanted.indices {
        if let chunk = stored[index] { chunks[wanted[index].tensor].append(chunk) }
      }
      return checkpoint(chunks)
    }

    private func checkpoint(_ chunks: [[Chunk]]) -> DistributedCheckpoint {
      var tensors: [Tensor] = []
      var unsupported: [String] = []
      for (tensor, chunks) in zip(metadata.tensors, chunks) {
        guard let dtype = tensor.dtype else {
          unsupported.append(tensor.name)
          continue
        }
        tensors.append(
          Tensor(
            name: tensor.name, path: metadata.paths[tensor.name] ?? [.key(tensor.name)], dtype: dtype,
            shape: tensor.shape, chunks: chunks))
      }
      return DistributedCheckpoint(tensors: tensors, skipped: metadata.others, unsupported: unsupported)
    }

    private func check(_ tensor: DistributedMetadata.Tensor) throws(LoaderError) {
      do throws(ChunkTiling.Flaw) {
        try ChunkTiling.check(tensor.chunks, tile: tensor.shape)
      } catch {
        throw LoaderError(.invalidCheckpoint, "has a tensor \(tensor.name.escaped) \(error.reason(tensor.shape))")
      }
    }

    private func find(
      _ tensor: DistributedMetadata.Tensor, _ index: Int, in files: inout FileTable
    ) throws(LoaderError) -> [Wanted] {
      var wanted: [Wanted] = []
      for box in tensor.chunks where !box.sizes.contains(0) {
        guard let slice = metadata.slices[DistributedMetadata.Place(name: tensor.name, offsets: box.offsets)] else {
          throw LoaderError(
            .invalidCheckpoint, "has no slice for the chunk of \(tensor.name.escaped) at \(box.offsets)")
        }
        guard Path.isInside(slice.path) else {
          throw LoaderError(
            .invalidCheckpoint, "names the file \(slice.path.escaped), which is not a path within its folder")
        }
        guard !slice.isTransformed else {
          throw LoaderError(
            .invalidCheckpoint, "has a slice of \(tensor.name.escaped) that was compressed or otherwise transformed")
        }
        let file = try files.open(Path.join(folder, slice.path))
        wanted.append(Wanted(tensor: index, box: box, file: file, slice: slice))
      }
      return wanted
    }

    private func locate(_ wanted: Wanted, in files: inout FileTable) throws(LoaderError) -> Chunk {
      let tensor = metadata.tensors[wanted.tensor]
      let value = try TorchFile.read(
        wanted.file, offset: wanted.slice.offset, length: wanted.slice.length, in: &files, policy: policy)
      let name = files.entries[wanted.file].name
      guard let stored = value.asTensor else {
        throw .invalid(name, "holds no tensor for the chunk of \(tensor.name.escaped) at \(wanted.box.offsets)")
      }
      guard stored.shape == wanted.box.sizes, stored.dtype == tensor.dtype else {
        let expected = "\(tensor.dtype?.rawValue ?? "") of \(wanted.box.sizes)"
        throw .invalid(
          name,
          "holds \(stored.dtype.rawValue) of \(stored.shape) for the chunk of \(tensor.name.escaped) at "
            + "\(wanted.box.offsets), where the metadata says \(expected)")
      }
      return Chunk(offsets: wanted.box.offsets, stored: stored)
    }
  }
}

extension ChunkTiling.Flaw {
  /// What is wrong with a tensor of this shape.
  fileprivate func reason(_ shape: [Int]) -> String {
    switch self {
    case .outside(let box): "with a chunk of \(box.sizes) at \(box.offsets), which is not inside \(shape)"
    case .overlap(let first, let second): "whose chunks at \(first.offsets) and \(second.offsets) overlap"
    case .gap(let held, let whole): "of \(whole) elements, of which its chunks hold \(held)"
    case .irregular: "whose chunks lie too irregularly to be checked"
    }
  }
}
