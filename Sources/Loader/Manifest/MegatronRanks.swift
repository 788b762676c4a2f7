/// The files of a Megatron tensor-parallel group, held against one another.
struct MegatronRanks {
  private let ranks: [RankFile]
  private let names: [String]

  init(_ ranks: [RankFile], names: [String]) {
    self.ranks = ranks
    self.names = names
  }

  /// What the files hold together.
  /// - Parameters:
  ///   - version: the manifest's version, where there is a manifest that gives one.
  ///   - overrides: whether the manifest's version is right where the files contradict it.
  func checkpoint(sourceType: String, version: Double?, overrides: Bool) throws(LoaderError) -> RawCheckpoint {
    var raw = RawCheckpoint(sourceType: sourceType, reasons: [], ranks: ranks.map(\.tensors))
    raw.parallelization = .init(tensor: ranks.count)
    raw.moduleKey = ranks.first?.moduleKey
    raw.otherValues = ranks.first?.others ?? []
    try checkWorldSizes()
    try describe(&raw, version: version, overrides: overrides)
    return raw
  }

  /// Fills in what the files say of the model whose tensors `raw` has: its numbers, and the layout's version.
  func describe(_ raw: inout RawCheckpoint, version: Double?, overrides: Bool) throws(LoaderError) {
    try readArguments(into: &raw)
    try decideVersion(into: &raw, manifest: version, overrides: overrides)
  }

  /// `mp_world_size` is the number of ranks that saved the checkpoint.
  private func checkWorldSizes() throws(LoaderError) {
    for (rank, name) in zip(ranks, names) {
      guard let size = rank.root?["mp_world_size"]?.asInteger, size != ranks.count else { continue }
      throw .invalid(
        name,
        "says mp_world_size \(size), but \(ranks.count) \(ranks.count == 1 ? "file was" : "files were") given: name all"
          + " ranks' files in a manifest")
    }
  }

  private func readArguments(into raw: inout RawCheckpoint) throws(LoaderError) {
    guard let arguments = ranks.lazy.compactMap({ $0.root.flatMap { MegatronArguments($0) } }).first else {
      raw.warnings.append(
        "no file holds args, so the number of attention heads is unknown: rows are split evenly, and heads could not be checked"
      )
      return
    }
    raw.context.geometry = arguments.geometry
    raw.arguments = arguments.plain
    if arguments.geometry.heads == nil {
      raw.warnings.append("args has no num_attention_heads: rows are split evenly, and heads could not be checked")
    }
  }

  private func decideVersion(
    into raw: inout RawCheckpoint, manifest: Double?, overrides: Bool
  ) throws(LoaderError) {
    var fileVersion: Double?
    for (rank, name) in zip(ranks, names) {
      guard let value = rank.root?["checkpoint_version"], !value.isNone else { continue }
      guard let version = value.asNumber else {
        throw .invalid(name, "has checkpoint_version \(value.kindName); it is a number")
      }
      if let fileVersion, MegatronLayout(version: fileVersion) != MegatronLayout(version: version) {
        throw .invalid(name, "has checkpoint_version \(version), another file \(fileVersion)")
      }
      fileVersion = fileVersion ?? version
    }
    let decision = try MegatronVersion.decide(
      manifest: manifest, file: fileVersion, overrides: overrides, default: hasCoreNames(raw) ? 3 : 0)
    raw.context.megatronLayout = decision.layout
    raw.version = decision.version
    raw.reasons.append("version \(decision.version): \(decision.reason)")
  }

  /// Whether the names are Megatron-Core's, which writes version 3.0 and no other.
  private func hasCoreNames(_ raw: RawCheckpoint) -> Bool {
    let suffix = ".self_attention.linear_qkv.weight"
    return raw.ranks.first?.contains { $0.name.hasSuffix(suffix) } ?? false
      || raw.whole.contains { $0.name.hasSuffix(suffix) }
  }
}
