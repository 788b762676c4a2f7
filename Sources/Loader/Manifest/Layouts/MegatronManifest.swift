import Platform

/// A manifest of type Megatron: one file for each tensor-parallel rank, in order.
struct MegatronManifest {
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
    if let degree = manifest.sourceDegree, degree != names.count {
      throw .invalid(
        name,
        "says mp_size \(degree) and names \(names.count) files; each rank has one, so mp_size \(names.count) or \(degree) files"
      )
    }
    var ranks: [RankFile] = []
    for name in names {
      ranks.append(try RankFile.read(name, moduleKey: manifest.moduleKey, files: &files, options: options))
    }
    return try MegatronRanks(ranks, names: names).checkpoint(
      sourceType: manifest.type.rawValue, version: manifest.version, overrides: manifest.overridesVersion)
  }
}
