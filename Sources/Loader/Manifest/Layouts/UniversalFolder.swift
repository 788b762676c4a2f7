import Platform

/// A universal checkpoint of DeepSpeed: each parameter whole and in single precision, in a file of its own, `zero/NAME/fp32.pt`.
///
/// Source: DeepSpeed `checkpoint/ds_to_universal.py`, `merge_tp_slices` (a dictionary with `param`) and `merge_zero3_slices` (all
/// elements in one vector, whose shape `param_shapes` beside it says); the runs' own files are copied beside it.
struct UniversalFolder: SourceLayout {
  let name = "deepspeed_universal"
  let lookedFor =
    "a DeepSpeed universal checkpoint (latest_universal, or zero/NAME/fp32.pt beside mp_rank_…_model_states.pt)"
  // As for a training folder, whose files it has too.
  let precedes: Set<String> = ["megatron", "deepspeed"]

  private static let file = "fp32.pt"

  func recognize(_ candidate: Candidate) -> String? {
    guard let tag = try? DeepSpeedTag.find(candidate), tag.isUniversal else { return nil }
    return "\(tag.reason): it holds \(DeepSpeedTag.mergedFolder)/ beside files that DeepSpeed writes"
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    guard let tag = try DeepSpeedTag.find(candidate) else { throw .invalid(candidate.path, "is no DeepSpeed folder") }
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    let description = try description(tag, &files, policy)
    let shapes = shapes(description)
    var raw = RawCheckpoint(sourceType: "deepspeed_universal", reasons: [], ranks: [])
    let folder = tag.file(DeepSpeedTag.mergedFolder)
    for name in try candidate.names(in: folder).sorted(by: NaturalOrder.precedes) {
      let parameter = Path.join(folder, name)
      guard let names = try? candidate.names(in: parameter), names.contains(UniversalFolder.file) else { continue }
      let path = Path.join(parameter, UniversalFolder.file)
      let index = try files.open(path)
      let root = try TorchFile.read(index, in: &files, policy: policy)
      guard let tensor = root.asTensor ?? root["param"]?.asTensor else {
        throw .invalid(path, "holds no tensor, by itself or as param")
      }
      raw.whole.append(WholeTensor(NamedTensor(name: name, tensor: try shaped(tensor, shapes[name], path))))
    }
    if let root = description.roots.first?.root { raw.whole += PartitionedRun.shared(root, raw.whole) }
    try addUntrained(tag, &files, policy, description, to: &raw)
    raw.parallelization = .init(tensor: 1)
    try description.apply(to: &raw, candidate)
    return raw
  }

  /// Adds what was not trained, and so not merged: frozen parameters and buffers, from the run's own files.
  private func addUntrained(
    _ tag: DeepSpeedTag, _ files: inout FileTable, _ policy: PicklePolicy, _ description: DeepSpeedDescription,
    to raw: inout RawCheckpoint
  ) throws(LoaderError) {
    let known = Set(raw.whole.map(\.name))
    if tag.files.keys.contains(where: { if case .partition = $0 { true } else { false } }) {
      let untrained = try PartitionedRun(tag: tag, policy: policy).untrained(&files)
      raw.whole += untrained.filter { !known.contains($0.name) }
      return
    }
    guard let module = description.roots.first?.root["module"], module.isDictionary else { return }
    let rest = try module.leaves().filter { $0.value.asTensor != nil && !known.contains($0.name) }
    guard tag.files[.model(rank: 1)] == nil else {
      for (name, _) in rest.prefix(20) {
        raw.warnings.append(
          "\(name.escaped) is in parts beside \(DeepSpeedTag.mergedFolder)/, where it was not merged: not served")
      }
      return
    }
    raw.whole += rest.compactMap { name, value in
      value.asTensor.map { WholeTensor(NamedTensor(name: name, tensor: $0)) }
    }
  }

  /// What the run's own files say: that of its first rank.
  private func description(
    _ tag: DeepSpeedTag, _ files: inout FileTable, _ policy: PicklePolicy
  ) throws(LoaderError) -> DeepSpeedDescription {
    guard let name = tag.files[.model(rank: 0)] ?? tag.files[.partition(data: 0, rank: 0)] else {
      return DeepSpeedDescription(roots: [])
    }
    let index = try files.open(tag.file(name))
    return DeepSpeedDescription(roots: [(try TorchFile.read(index, in: &files, policy: policy), name)])
  }

  private func shapes(_ description: DeepSpeedDescription) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for group in description.roots.first?.root["param_shapes"]?.items ?? [] {
      guard case .dictionary(let entries) = group.kind else { continue }
      for (key, value) in entries {
        if let name = key.asText, let shape = value.asIntegers { shapes[name] = shape }
      }
    }
    return shapes
  }

  /// The vector of a parameter's elements in its shape; a tensor of several axes as it is.
  private func shaped(_ tensor: StoredTensor, _ shape: [Int]?, _ path: String) throws(LoaderError) -> StoredTensor {
    guard let shape, tensor.shape.count == 1, shape.count != 1 else { return tensor }
    guard tensor.location.strides == nil, shape.allSatisfy({ $0 >= 0 }), shape.count <= TorchLayout.rankLimit,
      tensor.dtype.byteCount(shape: shape) == tensor.byteCount
    else {
      throw .invalid(path, "holds \(tensor.shape) elements of a parameter of shape \(shape)")
    }
    var tensor = tensor
    tensor.shape = shape
    return tensor
  }
}
