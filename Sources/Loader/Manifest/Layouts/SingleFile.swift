/// One file that holds a whole model: safetensors or torch, told by its first bytes. A `config.json` beside it is read.
///
/// A torch file with Megatron's names, or with the `args` or `checkpoint_version` that Megatron-LM's
/// `megatron/training/checkpointing.py` puts beside the model, is one rank of Megatron.
struct SingleFile: SourceLayout {
  let name = "file"
  let lookedFor = "a safetensors file (a length, then '{'); a torch file (zip, legacy or tar)"

  /// Endings of names that promise a file of weights, so that what is wrong with it can be said.
  private static let endings = [".safetensors", ".pt", ".pth", ".bin", ".ckpt"]

  func recognize(_ candidate: Candidate) -> String? {
    guard let file = candidate.file else { return nil }
    if Safetensors.matches(prefix: candidate.prefix, fileSize: candidate.fileSize) {
      return "the file begins as safetensors does"
    }
    var files = FileTable(folder: candidate.folder, roots: candidate.roots)
    if let index = try? files.open(file), let container = try? TorchFile.detect(index, in: files) {
      return "the file begins as torch's do (\(container))"
    }
    return SingleFile.endings.first { file.hasSuffix($0) }.map { "the file's name ends with \($0)" }
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    let name = candidate.file ?? ""
    var raw: RawCheckpoint
    if Safetensors.matches(prefix: candidate.prefix, fileSize: candidate.fileSize) || name.hasSuffix(".safetensors") {
      let index = try files.open(name)
      raw = RawCheckpoint(sourceType: "safetensors", reasons: [], ranks: [])
      raw.ranks = [
        try Safetensors.read(index, in: &files).tensors.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
      ]
    } else {
      let file = try RankFile.read(name, moduleKey: nil, files: &files, options: options)
      if isMegatron(file) {
        return try MegatronRanks([file], names: [name]).checkpoint(
          sourceType: Manifest.SourceType.megatron.rawValue, version: nil, overrides: false)
      }
      raw = RawCheckpoint(sourceType: "torch", reasons: [], ranks: [file.tensors])
      raw.otherValues = file.others
      raw.moduleKey = file.moduleKey
    }
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }

  private func isMegatron(_ file: RankFile) -> Bool {
    if file.root?["checkpoint_version"] != nil || file.root?["mp_world_size"] != nil { return true }
    let family = FamilyRegistry.family(ofNames: file.tensors.map(\.name), context: FamilyContext()).family
    return family.name == Family.megatron.name || family.name == Family.megatronCore.name
  }
}
