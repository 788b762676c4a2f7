import Platform

/// The factory: given a manifest, a folder or a file, finds out what it is and reads its metadata.
public enum CheckpointLoader {
  /// Loads a checkpoint: metadata only, never a weight.
  /// - Throws: `missingFile`, `invalidCheckpoint` or `inputOutput`, with the file and what was wrong.
  public static func load(_ path: String, options: LoadOptions = LoadOptions()) throws(LoaderError) -> Checkpoint {
    try load(try Candidate(path: path, options: options), options)
  }

  /// Loads the checkpoint that a manifest describes which lies in no file.
  /// - Parameters:
  ///   - manifest: the manifest's JSON.
  ///   - folder: the folder that its files are relative to.
  public static func load(
    manifest: [UInt8], in folder: String, options: LoadOptions = LoadOptions()
  ) throws(LoaderError) -> Checkpoint {
    try load(try Candidate(manifest: manifest, folder: folder, options: options), options)
  }

  private static func load(_ candidate: Candidate, _ options: LoadOptions) throws(LoaderError) -> Checkpoint {
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
