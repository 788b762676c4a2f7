/// What the `.metadata` file of a PyTorch distributed checkpoint says: which tensors there are, in which chunks, and which slice
/// of which file holds each.
///
/// Source: torch/distributed/checkpoint/metadata.py and filesystem.py (`_StorageInfo`); older versions keep the same classes in
/// `torch.distributed._shard.checkpoint.metadata`.
struct DistributedMetadata: Sendable {
  /// A tensor, whole.
  struct Tensor: Sendable {
    /// The key in the flattened state dict.
    let name: String
    /// The element's type; nil for one that safetensors has no name for.
    let dtype: DType?
    /// The extents of the whole.
    let shape: [Int]
    /// Its parts.
    let chunks: [ChunkTiling.Box]
  }

  /// A slice of a file.
  struct Slice: Hashable, Sendable {
    /// The file's path below the checkpoint's folder.
    let path: String
    /// Where the slice begins.
    let offset: UInt64
    /// Its length.
    let length: UInt64
    /// Whether the bytes went through transforms (compression, encryption) as they were written.
    let isTransformed: Bool
  }

  /// Which chunk of which tensor: an entry of `storage_data`.
  struct Place: Hashable, Sendable {
    /// The tensor's key.
    let name: String
    /// The chunk's first index along each axis.
    let offsets: [Int]
  }

  /// The tensors, in the order of the file.
  private(set) var tensors: [Tensor] = []
  /// The keys of items that are no tensors.
  private(set) var others: [String] = []
  /// The slice of each chunk.
  private(set) var slices: [Place: Slice] = [:]
  /// The path in the nested state dict that each flattened key stands for, where the planner kept it.
  private(set) var paths: [String: [DistributedCheckpoint.PathPart]] = [:]

  /// Most dimensions of a tensor.
  static let rankLimit = TorchLayout.rankLimit

  /// Reads the value of the pickle.
  /// - Throws: what is wrong, without the file's name.
  init(_ root: InertValue) throws(LoaderError) {
    guard Self.isClass(root, "Metadata"), let items = root["state_dict_metadata"], items.isDictionary else {
      throw Self.invalid("is no metadata of a distributed checkpoint: it holds no Metadata with state_dict_metadata")
    }
    guard case .dictionary(let entries) = items.kind else { return }
    for (key, value) in entries {
      guard let name = key.asText else { throw Self.invalid("names an item by something that is no text") }
      if Self.isClass(value, "BytesStorageMetadata") {
        others.append(name)
      } else {
        tensors.append(try Self.tensor(value, name: name))
      }
    }
    if let data = root["storage_data"], case .dictionary(let entries) = data.kind {
      try readSlices(entries)
    }
    if let data = root["planner_data"], case .dictionary(let entries) = data.kind { readPaths(entries) }
  }

  private static func invalid(_ message: String) -> LoaderError { LoaderError(.invalidCheckpoint, message) }

  private static func isClass(_ value: InertValue, _ name: String) -> Bool {
    guard let className = value.className else { return false }
    return className.hasPrefix("torch.distributed.") && className.hasSuffix("." + name)
  }

  private static func tensor(_ value: InertValue, name: String) throws(LoaderError) -> Tensor {
    guard isClass(value, "TensorStorageMetadata"), let properties = value["properties"],
      let shape = value["size"]?.asIntegers, let chunks = value["chunks"]?.items
    else {
      throw invalid("has an item \(name.escaped) that is neither a tensor nor bytes")
    }
    // The properties' state is a tuple that begins with the dtype, or a dictionary of fields.
    guard let type = properties.state?.items?.first ?? properties["dtype"], case .global(let dtype) = type.kind,
      dtype.hasPrefix("torch."),
      let element = TorchElement(dtype: PickleGlobal(module: "torch", name: String(dtype.dropFirst(6))))
    else {
      throw invalid("has a tensor \(name.escaped) of no known dtype")
    }
    guard shape.count <= rankLimit, shape.allSatisfy({ $0 >= 0 }),
      (element.dtype ?? .u64).byteCount(shape: shape) != nil
    else {
      throw invalid("has a tensor \(name.escaped) of a shape whose bytes cannot be counted")
    }
    var boxes: [ChunkTiling.Box] = []
    boxes.reserveCapacity(chunks.count)
    for chunk in chunks {
      guard let offsets = chunk["offsets"]?.asIntegers, let sizes = chunk["sizes"]?.asIntegers else {
        throw invalid("has a chunk of \(name.escaped) without offsets and sizes")
      }
      boxes.append(ChunkTiling.Box(offsets: offsets, sizes: sizes))
    }
    return Tensor(name: name, dtype: element.dtype, shape: shape, chunks: boxes)
  }

  private mutating func readSlices(_ entries: InertValue.Entries) throws(LoaderError) {
    for (key, value) in entries {
      guard let name = key["fqn"]?.asText else {
        throw Self.invalid("has a slice that belongs to no item")
      }
      // Bytes have no offset, and are not read.
      guard let offsets = key["offset"]?.asIntegers else { continue }
      guard let path = value["relative_path"]?.asText,
        let offset = value["offset"]?.asInteger.flatMap(UInt64.init(exactly:)),
        let length = value["length"]?.asInteger.flatMap(UInt64.init(exactly:))
      else {
        throw Self.invalid("has a slice of \(name.escaped) without a path, an offset and a length")
      }
      let transforms = value["transform_descriptors"]
      let isTransformed = transforms.map { !$0.isNone && !($0.items?.isEmpty ?? false) } ?? false
      slices[Place(name: name, offsets: offsets)] = Slice(
        path: path, offset: offset, length: length, isTransformed: isTransformed)
    }
  }

  /// The planner's data may be anything; only a dictionary from keys to paths says something here.
  private mutating func readPaths(_ entries: InertValue.Entries) {
    for (key, value) in entries {
      guard let name = key.asText, let items = value.items else { continue }
      let path = items.compactMap { item in
        item.asText.map { DistributedCheckpoint.PathPart.key($0) }
          ?? item.asInteger.map { DistributedCheckpoint.PathPart.index($0) }
      }
      if path.count == items.count, !path.isEmpty { paths[name] = path }
    }
  }
}
