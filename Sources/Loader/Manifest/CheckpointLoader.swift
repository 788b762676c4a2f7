import Platform

/// The factory: given a manifest, a folder or a file, finds out what it is and reads its metadata.
public enum CheckpointLoader {
  /// Loads a checkpoint: metadata only, never a weight.
  /// - Throws: `missingFile`, `invalidCheckpoint` or `inputOutput`, with the file and what was wrong.
  public static func load(_ path: String, options: LoadOptions = LoadOptions()) throws(LoaderError) -> Checkpoint {
    let candidate = try Candidate(path: path, roots: options.roots)
    let (layout, reason) = try LayoutRegistry.layout(of: candidate)
    var files = FileTable(folder: candidate.folder, roots: candidate.roots)
    var raw = try layout.read(candidate, files: &files, options: options)
    raw.reasons.insert(reason, at: 0)
    let companion = try CompanionConfiguration.read(candidate, assets: raw.manifest?.assets)
    try companion?.complete(&raw)
    let name = try ManifestName.name(of: candidate, given: options.name, manifest: raw.manifest?.name)
    let identities = try FileIdentity.identities(
      of: files.entries, by: options.identity, stated: raw.manifest?.digests ?? [:])
    let assets = AssetFolder(candidate, assets: raw.manifest?.assets)
    var checkpoint = try CheckpointBuilder(raw).build(name: name, files: files.entries, identities: identities)
    checkpoint.assets = assets
    return checkpoint
  }
}
