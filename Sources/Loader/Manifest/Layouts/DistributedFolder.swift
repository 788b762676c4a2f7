import Platform

/// A folder that `torch.distributed.checkpoint.save` wrote: `.metadata`, and chunks in `*.distcp` files.
///
/// Source: torch/distributed/checkpoint/filesystem.py and metadata.py. The state dict is found by the first element of each key's
/// path: `model` or `module`, else the keys as they are.
struct DistributedFolder: SourceLayout {
  let name = "dcp"
  let lookedFor = "a PyTorch distributed checkpoint (a folder with .metadata)"

  func recognize(_ candidate: Candidate) -> String? {
    if candidate.file == DistributedCheckpoint.metadataName { return "the file is .metadata, as PyTorch DCP writes it" }
    return candidate.has(DistributedCheckpoint.metadataName)
      ? "the folder holds .metadata, as PyTorch DCP writes it" : nil
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    let index = try files.open(DistributedCheckpoint.metadataName)
    let checkpoint = try DistributedCheckpoint.read(index, in: &files, policy: policy)
    var raw = RawCheckpoint(sourceType: "dcp", reasons: [], ranks: [])
    raw.moduleKey = try moduleKey(checkpoint)
    for tensor in checkpoint.tensors {
      if let name = name(of: tensor, below: raw.moduleKey) {
        raw.whole.append(WholeTensor(tensor, name: name))
      }
    }
    for name in checkpoint.unsupported.prefix(20) {
      raw.warnings.append("\(name.escaped) is of a dtype that safetensors has no name for: not served")
    }
    if !checkpoint.skipped.isEmpty {
      raw.reasons.append("\(checkpoint.skipped.count) items that are no tensors are passed over")
    }
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }

  /// The first element of the paths below which the state dict lies; nil where the keys are the state dict's own.
  private func moduleKey(_ checkpoint: DistributedCheckpoint) throws(LoaderError) -> String? {
    var found: Set<String> = []
    for tensor in checkpoint.tensors where tensor.path.count > 1 {
      if case .key(let key) = tensor.path[0], ModuleKey.candidates.contains(key) { found.insert(key) }
    }
    guard found.count <= 1 else {
      throw .invalid(
        DistributedCheckpoint.metadataName, "has both module and model; a checkpoint has one state dict to serve")
    }
    return found.first
  }

  private func name(of tensor: DistributedCheckpoint.Tensor, below key: String?) -> String? {
    guard let key else { return tensor.name }
    guard tensor.path.count > 1, tensor.path[0] == .key(key) else { return nil }
    return tensor.path.dropFirst().map(\.text).joined(separator: ".")
  }
}

extension DistributedCheckpoint.PathPart {
  /// The element as a part of a name.
  var text: String {
    switch self {
    case .key(let key): key
    case .index(let index): String(index)
    }
  }
}

extension WholeTensor {
  /// A tensor of a distributed checkpoint, under a name.
  init(_ tensor: DistributedCheckpoint.Tensor, name: String) {
    self.init(
      name: name, dtype: tensor.dtype, shape: tensor.shape,
      boxes: tensor.chunks.map { Box($0.stored, at: $0.offsets) })
  }
}
