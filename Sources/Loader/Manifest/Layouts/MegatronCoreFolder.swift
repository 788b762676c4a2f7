import Platform

/// A folder that Megatron-Core's `dist_checkpointing` wrote in its `torch_dist` format: a PyTorch distributed checkpoint with
/// `metadata.json` beside it, whose layers are stacked along axis 0.
///
/// Source: NVIDIA/Megatron-LM `megatron/core/dist_checkpointing/{core,strategies/torch}.py`, `megatron/training/checkpointing.py`
/// (`_get_checkpoint_format`). SwiGLU's `linear_fc1` lies as all of gate, then all of up (`core/transformer/mlp.py`), or as two keys that end
/// in `_w` and `_v`. Partitions have a tensor a layer, as Megatron-Core's own loading makes them.
struct MegatronCoreFolder: SourceLayout {
  let name = "megatron_core"
  let lookedFor = "a Megatron-Core folder (metadata.json with sharded_backend, and .metadata)"
  // It is a distributed checkpoint, below the tracker of Megatron-LM.
  let precedes: Set<String> = ["megatron", "dcp"]

  private static let description = "metadata.json"
  private static let common = "common.pt"
  /// Beginnings of keys that belong to the training, not to the model.
  private static let trainingPrefixes = ["optimizer", "chained_", "rng_state", "rerun_state", "opt_param_scheduler"]

  func recognize(_ candidate: Candidate) -> String? {
    guard let folder = try? IterationFolder.find(candidate), folder.names.contains(MegatronCoreFolder.description),
      folder.names.contains(DistributedCheckpoint.metadataName)
    else { return nil }
    return "\(folder.reason): it holds metadata.json and .metadata, as Megatron-Core writes them"
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    guard let folder = try IterationFolder.find(candidate) else {
      throw .invalid(candidate.path, "is no Megatron-Core folder")
    }
    let description = folder.file(MegatronCoreFolder.description)
    let object = try candidate.readObject(description)
    guard object["sharded_backend"]?.asText == "torch_dist" else {
      throw .invalid(
        description, "has sharded_backend \(object["sharded_backend"]?.kind ?? "missing"); torch_dist is read")
    }
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    let index = try files.open(folder.file(DistributedCheckpoint.metadataName))
    let checkpoint = try DistributedCheckpoint.read(index, in: &files, policy: policy)
    var raw = RawCheckpoint(sourceType: "torch_dist", reasons: [], ranks: [])
    raw.context.megatronLayout = .version2
    let model = checkpoint.tensors.filter { tensor in
      !MegatronCoreFolder.trainingPrefixes.contains { tensor.name.hasPrefix($0) }
    }
    raw.whole = LayerStack.unstacked(GateAndUp.joined(model.map { WholeTensor($0, name: $0.name) }))
    try readCommon(folder, &files, policy, into: &raw)
    return raw
  }

  /// `common.pt` holds what every rank shares: the arguments and the version. Newer folders have none.
  private func readCommon(
    _ folder: IterationFolder, _ files: inout FileTable, _ policy: PicklePolicy, into raw: inout RawCheckpoint
  ) throws(LoaderError) {
    guard folder.names.contains(MegatronCoreFolder.common) else {
      raw.warnings.append(
        "there is no common.pt, so the number of attention heads is unknown: heads could not be checked")
      return
    }
    let index = try files.open(folder.file(MegatronCoreFolder.common))
    let root = try TorchFile.read(index, in: &files, policy: policy)
    let version = root["checkpoint_version"]?.asNumber
    let decision = try MegatronVersion.decide(manifest: nil, file: version, overrides: false, default: 3)
    raw.context.megatronLayout = decision.layout
    raw.version = decision.version
    if let arguments = MegatronArguments(root) {
      raw.context.geometry = arguments.geometry
      raw.arguments = arguments.plain
      raw.reasons.append("the model's numbers: args in common.pt")
    } else {
      raw.warnings.append(
        "common.pt has no args, so the number of attention heads is unknown: heads could not be checked")
    }
  }
}
