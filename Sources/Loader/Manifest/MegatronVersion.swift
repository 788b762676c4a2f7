/// Which layout of the fused QKV a Megatron checkpoint has, by what its manifest and its files say.
enum MegatronVersion {
  /// What was decided.
  struct Decision: Hashable {
    /// The layout.
    let layout: MegatronLayout
    /// The version as `__metadata__` shows it.
    let version: String
    /// Where it came from, in words.
    let reason: String
  }

  /// Decides. Where both versions are given and mean different layouts, the checkpoint is refused unless the manifest overrides.
  /// - Parameters:
  ///   - manifest: the manifest's `version`.
  ///   - file: the files' `checkpoint_version`.
  ///   - overrides: the manifest's `version_override`.
  ///   - default: the version where neither is given: 0, or 3.0 for Megatron-Core's names.
  static func decide(
    manifest: Double?, file: Double?, overrides: Bool, default fallback: Double
  ) throws(LoaderError) -> Decision {
    let manifestLayout = try layout(manifest, "the manifest's version")
    let fileLayout = try layout(file, "the files' checkpoint_version")
    if let manifest, let file, manifestLayout != fileLayout, !overrides {
      throw LoaderError(
        .invalidCheckpoint,
        "the manifest's version \(text(manifest)) contradicts the files' checkpoint_version \(text(file)): drop version from the"
          + " manifest, or set version_override to true if the manifest is right")
    }
    if let manifest, let manifestLayout {
      return Decision(layout: manifestLayout, version: text(manifest), reason: "the manifest's version")
    }
    if let file, let fileLayout {
      return Decision(layout: fileLayout, version: text(file), reason: "the files' checkpoint_version")
    }
    let layout = MegatronLayout(version: fallback) ?? .version0
    return Decision(layout: layout, version: text(fallback), reason: "neither manifest nor files give one")
  }

  private static func layout(_ version: Double?, _ what: String) throws(LoaderError) -> MegatronLayout? {
    guard let version else { return nil }
    guard let layout = MegatronLayout(version: version) else {
      throw LoaderError(.invalidCheckpoint, "\(what) is \(text(version)); known are 0, 1.0, 2.0, 3.0")
    }
    return layout
  }

  private static func text(_ version: Double) -> String { version == 0 ? "0" : "\(version)" }
}
