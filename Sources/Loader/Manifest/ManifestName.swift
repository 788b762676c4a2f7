import Platform

/// The name that a checkpoint is served by.
public enum ManifestName {
  /// Characters that a name may have.
  public static let lengthLimit = 96

  /// Names that are paths of the HTTP interface.
  static let reserved: Set<String> = [
    "api", "shard", "tensor", "plan", "manifests", "metrics", "stats", "healthz", "readyz", ".", "..",
  ]

  /// Names of files that say nothing of the model: their folder's name is taken.
  private static let genericFiles = ["manifest.json", "ds_inference_config.json"].compactMap { NamePattern($0) }
  private static let genericPatterns =
    genericFiles + ["model.safetensors*", "pytorch_model*", "mp_rank_*"].compactMap { NamePattern($0) }

  /// Checks a name that a person gave.
  public static func validate(_ name: String) throws(LoaderError) -> String {
    guard name == sanitize(name), !name.isEmpty else {
      throw .argument(
        "name \(name.escaped) is not usable: a name has 1 to \(lengthLimit) of the characters A-Z a-z 0-9 . _ -, and is not one of "
          + reserved.filter { $0.count > 2 }.sorted().joined(separator: ", "))
    }
    return name
  }

  /// The name of a candidate: the one given, the manifest's, the stem of its file, or its folder's.
  static func name(of candidate: Candidate, given: String?, manifest: String?) throws(LoaderError) -> String {
    if let given { return try validate(given) }
    if let manifest { return sanitize(manifest) }
    return defaultName(path: Path.join(candidate.folder, candidate.file ?? ""), isFolder: candidate.file == nil)
  }

  /// The name of a path that nothing but its text is known of, as for a checkpoint that could not be read.
  public static func defaultName(path: String, isFolder: Bool) -> String {
    let file = Path.name(of: path)
    if !isFolder, !genericPatterns.contains(where: { $0.match(file) != nil }) { return sanitize(Path.stem(of: file)) }
    let folder = isFolder ? path : Path.folder(of: path)
    let resolved = (try? Roots.resolve(folder)) ?? folder
    return sanitize(HubCache(folder: resolved)?.repository ?? Path.name(of: resolved))
  }

  /// A name made of allowed characters only.
  static func sanitize(_ name: String) -> String {
    let allowed = name.unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", ".", "_", "-": Character(scalar)
      default: "_"
      }
    }
    let text = String(allowed.prefix(lengthLimit))
    if text.isEmpty { return "checkpoint" }
    return reserved.contains(text) ? String((text + "_").suffix(lengthLimit)) : text
  }
}
