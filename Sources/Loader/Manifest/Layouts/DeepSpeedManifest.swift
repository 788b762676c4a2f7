import Platform

/// DeepSpeed's JSON manifest: a type, files, and how they are parallelized.
///
/// Source: DeepSpeed `runtime/state_dict_factory.py`, `SDLoaderFactory`.
struct DeepSpeedManifest: SourceLayout {
  let name = "manifest"
  let lookedFor = "a DeepSpeed manifest (JSON with type and checkpoints)"
  // A manifest may be called as one likes, and says of the files beside it what they are.
  let precedes: Set<String> = [
    "file", "deepspeed", "deepspeed_universal", "huggingface", "megatron", "megatron_core", "dcp",
  ]

  /// The names by which a manifest is found in a folder.
  private static let folderNames = ["manifest.json", "ds_inference_config.json"]

  func recognize(_ candidate: Candidate) -> String? {
    guard let file = candidate.file else {
      return manifestName(in: candidate).map { "the folder holds \($0), a manifest" }
    }
    if HuggingFaceFolder.isIndex(file) { return nil }
    // An index of Hugging Face's is JSON too.
    if file.hasSuffix(".index.json") { return nil }
    if file.hasSuffix(".json") { return "the file is JSON by its name" }
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
    return candidate.prefix.first { !blank.contains($0) } == 0x7B ? "the file begins with '{'" : nil
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    guard let name = candidate.file ?? manifestName(in: candidate) else {
      throw .invalid(candidate.path, "holds no manifest")
    }
    let manifest = try ManifestParser(file: name).parse(try candidate.read(name, limit: ManifestParser.sizeLimit))
    if let base = manifest.baseFolder {
      guard base.hasPrefix("/") || Path.isInside(base) else {
        throw .invalid(name, "has base_dir \"\(base.escaped)\"; it is absolute and beneath a root, or holds no '..'")
      }
      files = FileTable(folder: Path.join(candidate.folder, base), roots: candidate.roots)
    }
    var raw: RawCheckpoint
    switch (manifest.type, manifest.checkpoints) {
    case (.megatron, _): raw = try MegatronManifest(manifest, name).read(candidate, &files, options)
    case (.bloom, .list), (.bloom, .pattern): raw = try BloomManifest(manifest, name).read(candidate, &files, options)
    case (.bloom, .parts), (.dsModel, _): raw = try InferenceManifest(manifest, name).read(candidate, &files, options)
    }
    raw.manifest = manifest
    return raw
  }

  /// The manifest in a folder: a file of a known name that names checkpoints, as other tools' do not.
  private func manifestName(in candidate: Candidate) -> String? {
    DeepSpeedManifest.folderNames.first { name in
      candidate.has(name) && (try? candidate.readObject(name))?["checkpoints"] != nil
    }
  }
}
