/// A manifest of type BLOOM with a list of files: a Hugging Face BLOOM's `.bin` files, whole layers in each (`pp`, the default), or a
/// file a tensor-parallel rank (`tp`).
///
/// Source: DeepSpeed `runtime/state_dict_factory.py`, `SDLoaderFactory.get_sd_loader_json`, and `module_inject/load_checkpoint.py`: embeddings and
/// head stay whole on every rank.
struct BloomManifest {
  private let manifest: Manifest
  private let name: String

  init(_ manifest: Manifest, _ name: String) {
    self.manifest = manifest
    self.name = name
  }

  func read(
    _ candidate: Candidate, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> RawCheckpoint {
    let names = try ManifestFiles(candidate, files.folder).names(of: manifest.checkpoints, manifest: name)
    let isSplit = manifest.parallelization == "tp"
    if let degree = manifest.sourceDegree, degree != (isSplit ? names.count : 1) {
      throw .invalid(
        name,
        isSplit
          ? "says mp_size \(degree) and names \(names.count) files; with parallelization tp each rank has one"
          : "says mp_size \(degree), but files that are parallelized by pp hold whole tensors: mp_size 1")
    }
    var raw = RawCheckpoint(sourceType: manifest.type.rawValue, reasons: [], ranks: [])
    for name in names {
      let file = try RankFile.read(name, moduleKey: manifest.moduleKey, files: &files, options: options)
      raw.moduleKey = raw.moduleKey ?? file.moduleKey
      raw.otherValues += raw.ranks.isEmpty || !isSplit ? file.others : []
      if isSplit || raw.ranks.isEmpty {
        raw.ranks.append(file.tensors)
      } else {
        raw.ranks[0] += file.tensors
      }
    }
    raw.parallelization = .init(tensor: raw.ranks.count)
    raw.keepsEmbeddingsWhole = true
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }
}
