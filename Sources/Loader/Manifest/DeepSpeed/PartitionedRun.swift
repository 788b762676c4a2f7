/// A step of a ZeRO-3 run: parameters gathered from the parts that the optimizer of each data-parallel rank holds in single precision,
/// frozen ones from the parts beside the module, buffers from the module.
///
/// Source: DeepSpeed `utils/zero_to_fp32.py`, `_get_fp32_state_dict_from_zero3_checkpoint`. Buffers keep their dtype, which that script
/// makes single precision.
struct PartitionedRun {
  let tag: DeepSpeedTag
  let policy: PicklePolicy

  func read(_ candidate: Candidate, _ files: inout FileTable) throws(LoaderError) -> RawCheckpoint {
    try checkDegree(candidate)
    let names = try tag.ranks("data-parallel ranks") { if case .partition(let data, 0) = $0 { data } else { nil } }
    let states = try tag.ranks("data-parallel ranks' optimizers") {
      if case .optimizer(let data, 0) = $0 { data } else { nil }
    }
    guard states.count == names.count else {
      throw incomplete(
        "holds \(names.count) files of parameters' shapes, and \(states.count) of the optimizer, which hold the parameters"
      )
    }
    var roots: [(root: InertValue, name: String)] = []
    for name in names { roots.append((try open(name, &files), name)) }
    let root = roots[0].root
    try checkExperts(root)
    var raw = RawCheckpoint(sourceType: "deepspeed", reasons: [], ranks: [])
    raw.whole += try buffers(root)
    raw.whole += try frozen(roots.map(\.root))
    raw.whole += try trained(root, states, &files)
    raw.whole += PartitionedRun.shared(root, raw.whole)
    raw.parallelization = .init(tensor: 1)
    raw.reasons.append("ZeRO-3: \(raw.whole.count) tensors gathered from \(names.count) data-parallel ranks")
    try DeepSpeedDescription(roots: [roots[0]]).apply(to: &raw, candidate)
    return raw
  }

  /// What was not trained: buffers, and parameters that were frozen.
  func untrained(_ files: inout FileTable) throws(LoaderError) -> [WholeTensor] {
    let names = try tag.ranks("data-parallel ranks") { if case .partition(let data, 0) = $0 { data } else { nil } }
    var roots: [InertValue] = []
    for name in names { roots.append(try open(name, &files)) }
    guard let first = roots.first else { return [] }
    return try buffers(first) + frozen(roots)
  }

  private func open(_ name: String, _ files: inout FileTable) throws(LoaderError) -> InertValue {
    let index = try files.open(name)
    return try TorchFile.read(index, in: &files, policy: policy)
  }

  /// What cannot be gathered, and what can do it.
  private func incomplete(_ what: String) -> LoaderError {
    LoaderError(
      .invalidCheckpoint,
      "\(what): consolidate the checkpoint with DeepSpeed's zero_to_fp32.py, which lies beside latest, and give what it writes",
      file: tag.path.isEmpty ? nil : tag.path)
  }

  private func checkDegree(_ candidate: Candidate) throws(LoaderError) {
    let ranks = tag.files.keys.compactMap { if case .partition(_, let rank) = $0 { rank } else { nil } }
    guard ranks.allSatisfy({ $0 == 0 }) else {
      throw .invalid(
        candidate.path,
        "holds ZeRO-3's parts of \((ranks.max() ?? 0) + 1) tensor-parallel ranks: make a universal checkpoint of it with DeepSpeed's"
          + " ds_to_universal.py, and give that")
    }
  }

  /// Experts whose parts lie on fewer ranks than other parameters'.
  private func checkExperts(_ root: InertValue) throws(LoaderError) {
    let layers = (root["ds_autoep_layers"] ?? root["autoep_layers"])?.items ?? []
    guard !layers.contains(where: { $0["checkpoint_format"]?.asText == "zero3_partitioned" }) else {
      throw LoaderError(
        .invalidCheckpoint,
        "holds experts in parts of their own: make a universal checkpoint of it with DeepSpeed's ds_to_universal.py, and give"
          + " that", file: tag.path.isEmpty ? nil : tag.path)
    }
  }

  /// The module's buffers, which every rank holds whole; its parameters are placeholders.
  private func buffers(_ root: InertValue) throws(LoaderError) -> [WholeTensor] {
    let names = Set((root["buffer_names"]?.items ?? []).compactMap(\.asText))
    guard !names.isEmpty, let module = root["module"], module.isDictionary else { return [] }
    return try module.leaves().compactMap { name, value in
      guard names.contains(name), let tensor = value.asTensor else { return nil }
      return WholeTensor(NamedTensor(name: name, tensor: tensor))
    }
  }

  /// Parameters that were not trained: each rank keeps its part of one beside the module.
  private func frozen(_ roots: [InertValue]) throws(LoaderError) -> [WholeTensor] {
    guard let shapes = roots[0]["frozen_param_shapes"], shapes.isDictionary else { return [] }
    var tensors: [WholeTensor] = []
    for (name, shape) in try self.shapes(in: shapes) {
      var parts: [[StoredTensor]] = []
      for root in roots {
        guard let part = root["frozen_param_fragments"]?[name]?.asTensor else {
          throw incomplete("holds no part of the frozen \(name.escaped) on some rank")
        }
        parts.append([part])
      }
      var parameters = try PartitionedParameters(parts)
      tensors.append(try parameters.next(name, shape: shape))
    }
    return tensors
  }

  private func trained(
    _ root: InertValue, _ states: [String], _ files: inout FileTable
  ) throws(LoaderError) -> [WholeTensor] {
    guard let groups = root["param_shapes"]?.items else {
      throw incomplete("has no param_shapes, which say what the parameters are")
    }
    var ranks: [[StoredTensor]] = []
    for name in states { ranks.append(try flatGroups(name, of: states.count, &files)) }
    var parameters = try PartitionedParameters(ranks)
    var tensors: [WholeTensor] = []
    for group in groups {
      for (name, shape) in try shapes(in: group) { tensors.append(try parameters.next(name, shape: shape)) }
    }
    guard parameters.position == parameters.count else {
      throw incomplete(
        "holds \(parameters.count) elements a rank, of which its parameters take \(parameters.position)")
    }
    return tensors
  }

  /// The parameters that the optimizer of a rank holds.
  private func flatGroups(
    _ name: String, of ranks: Int, _ files: inout FileTable
  ) throws(LoaderError) -> [StoredTensor] {
    guard let state = try open(name, &files)["optimizer_state_dict"], state.isDictionary else {
      throw incomplete("has no optimizer_state_dict in \(name.escaped)")
    }
    let counts = state["partition_count"].map { $0.asInteger.map { [$0] } ?? $0.asIntegers ?? [] } ?? []
    if let count = counts.max(), count != ranks {
      throw LoaderError(
        .missingFile, "is one of \(count) ranks' optimizers, of which \(ranks) are in the folder", file: name)
    }
    guard let groups = state["fp32_flat_groups"]?.items?.map(\.asTensor), !groups.isEmpty else {
      throw incomplete("has no fp32_flat_groups in \(name.escaped)")
    }
    let tensors = groups.compactMap { $0 }
    guard tensors.count == groups.count else {
      throw incomplete("has fp32_flat_groups in \(name.escaped) that are no tensors")
    }
    return tensors
  }

  /// The names and shapes of a dictionary, in its order.
  private func shapes(in value: InertValue) throws(LoaderError) -> [(name: String, shape: [Int])] {
    guard case .dictionary(let entries) = value.kind else {
      throw incomplete("has shapes of parameters in no dictionary")
    }
    var shapes: [(name: String, shape: [Int])] = []
    for (key, value) in entries {
      guard let name = key.asText, let shape = value.asIntegers, shape.allSatisfy({ $0 >= 0 }) else {
        throw incomplete("has a parameter without a name or a shape")
      }
      shapes.append((name, shape))
    }
    return shapes
  }

  /// Names that mean a parameter which was saved under another: tied embeddings.
  static func shared(_ root: InertValue, _ tensors: [WholeTensor]) -> [WholeTensor] {
    guard let pairs = root["shared_params"], case .dictionary(let entries) = pairs.kind else { return [] }
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    return entries.compactMap { key, value in
      guard let alias = key.asText, byName[alias] == nil, let tensor = value.asText.flatMap({ byName[$0] }) else {
        return nil
      }
      return WholeTensor(name: alias, dtype: tensor.dtype, shape: tensor.shape, boxes: tensor.boxes)
    }
  }
}
