import Platform

/// A folder that Megatron-LM's training wrote: `latest_checkpointed_iteration.txt`, and in the iteration's folder one folder a rank.
///
/// Source: NVIDIA/Megatron-LM `megatron/training/checkpointing.py`, `get_checkpoint_name` and `save_checkpoint`; layers are numbered
/// within each pipeline stage (`megatron/core/transformer/transformer_block.py`, `get_transformer_layer_offset` renumbers them), with virtual
/// stages under `model0`, `model1` ….
struct MegatronFolder: SourceLayout {
  let name = "megatron"
  let lookedFor = "a Megatron-LM folder (latest_checkpointed_iteration.txt, or mp_rank_… folders)"

  private static let files = ["model_optim_rng.pt", "model_rng.pt"]

  func recognize(_ candidate: Candidate) -> String? {
    let folder: IterationFolder?
    do throws(LoaderError) {
      folder = try IterationFolder.find(candidate)
    } catch {
      return "the folder holds iterations of a Megatron-LM run"
    }
    guard let folder else { return nil }
    guard folder.names.contains(where: { RankFolderName($0) != nil }) else {
      return candidate.has(IterationFolder.tracker) ? "the folder holds \(IterationFolder.tracker)" : nil
    }
    return "\(folder.reason): it holds mp_rank folders, as Megatron-LM writes them"
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    guard let folder = try IterationFolder.find(candidate) else {
      throw .invalid(candidate.path, "is no Megatron-LM folder")
    }
    let names = folder.names.filter { RankFolderName($0) != nil }
    guard !names.isEmpty else { throw .invalid(folder.path, "holds no mp_rank folder") }
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    var paths: [String] = []
    for name in names { paths.append(try file(in: folder.file(name), candidate)) }
    let roots = try ParallelReading.torchFiles(paths, in: &files, policy: policy)
    var grid = MegatronGrid()
    for (name, (path, root)) in zip(names, zip(paths, roots)) {
      if let coordinates = RankFolderName(name) { grid.add(root, at: coordinates, file: path) }
    }
    return try grid.checkpoint()
  }

  private func file(in folder: String, _ candidate: Candidate) throws(LoaderError) -> String {
    let names = try candidate.names(in: folder)
    guard let name = MegatronFolder.files.first(where: { names.contains($0) }) else {
      throw LoaderError(.missingFile, "holds neither \(MegatronFolder.files.joined(separator: " nor "))", file: folder)
    }
    return Path.join(folder, name)
  }
}
