import Platform

/// A folder that a DeepSpeed training run saved: `latest`, and in the step's folder a file a tensor-parallel rank; or a file for each layer
/// of a pipeline; or, of ZeRO-3, the parameters in parts beside the optimizer's state. Experts have files of their own.
///
/// Source: DeepSpeed `runtime/engine.py`, `_save_checkpoint` and `_save_moe_checkpoint`; `runtime/pipe/module.py`, `save_state_dict`.
struct DeepSpeedFolder: SourceLayout {
  let name = "deepspeed"
  let lookedFor = "a DeepSpeed training folder (latest, or mp_rank_…_model_states.pt and its like)"
  // Megatron-DeepSpeed writes Megatron-LM's tracker too, but no folders of its own.
  let precedes: Set<String> = ["megatron"]

  func recognize(_ candidate: Candidate) -> String? {
    do throws(LoaderError) {
      guard let tag = try DeepSpeedTag.find(candidate), !tag.isUniversal else { return nil }
      return "\(tag.reason): it holds files that DeepSpeed writes"
    } catch {
      return "the folder holds steps of a DeepSpeed run"
    }
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    guard let tag = try DeepSpeedTag.find(candidate) else { throw .invalid(candidate.path, "is no DeepSpeed folder") }
    let models = try tag.ranks("tensor-parallel ranks") { if case .model(let rank) = $0 { rank } else { nil } }
    let isPartitioned = tag.files.keys.contains { if case .partition = $0 { true } else { false } }
    let isPipeline = tag.files.keys.contains { if case .layer = $0 { true } else { false } }
    guard !isPartitioned || models.isEmpty && !isPipeline else {
      throw .ambiguous(
        candidate.path,
        "the step holds whole modules (mp_rank_… or layer_…) and ZeRO-3's parts (zero_pp_rank_…_model_states.pt)",
        remedy: "move the files of one save away")
    }
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    if isPartitioned { return try PartitionedRun(tag: tag, policy: policy).read(candidate, &files) }
    if isPipeline { return try pipeline(tag, models, candidate, &files, options) }
    return try modules(tag, models, candidate, &files, options)
  }

  // MARK: Whole modules

  private func modules(
    _ tag: DeepSpeedTag, _ names: [String], _ candidate: Candidate, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> RawCheckpoint {
    var raw = RawCheckpoint(sourceType: "deepspeed", reasons: [], ranks: [])
    var roots: [(root: InertValue, name: String)] = []
    for (rank, name) in names.enumerated() {
      let file = try RankFile.read(name, moduleKey: "module", files: &files, options: options)
      if rank == 0 { raw.otherValues = file.others }
      if let root = file.root { roots.append((root, name)) }
      let experts = try experts(tag, rank: rank, &files, options)
      raw.ranks.append(file.tensors + experts)
    }
    raw.moduleKey = "module"
    raw.parallelization = .init(tensor: names.count)
    let description = DeepSpeedDescription(roots: roots)
    try description.checkWorldSize(names.count)
    try description.apply(to: &raw, candidate)
    return raw
  }

  /// The experts of a tensor-parallel rank: their tensors' names have the expert's number in the whole model.
  private func experts(
    _ tag: DeepSpeedTag, rank: Int, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> [NamedTensor] {
    var byLayer: [Int: [Int: String]] = [:]
    for (kind, name) in tag.files {
      if case .expert(let layer, let expert, rank) = kind { byLayer[layer, default: [:]][expert] = tag.file(name) }
    }
    var tensors: [NamedTensor] = []
    for (layer, names) in byLayer.sorted(by: { $0.key < $1.key }) {
      for expert in 0..<names.count {
        guard let name = names[expert] else {
          throw LoaderError(
            .missingFile, "has files of \(names.count) experts of layer \(layer), but none of expert \(expert)",
            file: tag.path.isEmpty ? nil : tag.path)
        }
        tensors += try RankFile.read(name, moduleKey: nil, files: &files, options: options).tensors
      }
    }
    return tensors
  }

  // MARK: Pipelines

  private func pipeline(
    _ tag: DeepSpeedTag, _ models: [String], _ candidate: Candidate, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> RawCheckpoint {
    var layers: [Int: [Int: String]] = [:]
    for (kind, name) in tag.files {
      if case .layer(let index, let rank) = kind { layers[index, default: [:]][rank] = tag.file(name) }
    }
    let degree = (layers.values.map(\.count).max() ?? 0)
    var raw = RawCheckpoint(sourceType: "deepspeed", reasons: [], ranks: [])
    for rank in 0..<degree {
      var pipeline = PipelineLayers()
      for (index, names) in layers.sorted(by: { $0.key < $1.key }) {
        guard let name = names[rank] else {
          throw LoaderError(
            .missingFile,
            "has layer \(index) of \(names.count) tensor-parallel ranks, where other layers are of \(degree)",
            file: names.values.min())
        }
        pipeline.add(try layer(name, &files, options), at: index)
      }
      raw.ranks.append(pipeline.tensors())
    }
    raw.parallelization = .init(tensor: degree, pipeline: max(1, models.count / degree))
    raw.reasons.append("\(layers.count) layers of a pipeline, numbered by their files")
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    var roots: [(root: InertValue, name: String)] = []
    if let name = models.first {
      let index = try files.open(name)
      roots.append((try TorchFile.read(index, in: &files, policy: policy), name))
    }
    try DeepSpeedDescription(roots: roots).apply(to: &raw, candidate)
    return raw
  }

  /// A layer's state dict, which may be empty: that of a layer without parameters.
  private func layer(
    _ name: String, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> [NamedTensor] {
    let index = try files.open(name)
    let root = try TorchFile.read(index, in: &files, policy: PicklePolicy(allowOpaque: options.opaqueGlobals))
    if root.isDictionary, root.keys.isEmpty { return [] }
    do throws(LoaderError) {
      return try ModuleKey(given: nil).find(in: root).tensors
    } catch {
      throw error.of(name)
    }
  }
}
