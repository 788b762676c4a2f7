/// What the files of a DeepSpeed run say of the model beside its parameters: hints, Megatron's arguments, a configuration.
struct DeepSpeedDescription {
  /// The outermost dictionaries of the ranks' files, and the files' names.
  let roots: [(root: InertValue, name: String)]

  /// Fills in what is known of the model that `raw` holds the tensors of.
  func apply(to raw: inout RawCheckpoint, _ candidate: Candidate) throws(LoaderError) {
    if let hints = roots.lazy.compactMap({ UniversalHints($0.root) }).first {
      raw.rules += hints.rules
      raw.fallbackRules += hints.fallback
      raw.warnings += hints.warnings
      raw.reasons.append("\(hints.rules.count) rules: universal_checkpoint_info in the files")
    }
    if let configuration = try HuggingFaceConfiguration.read(candidate) {
      try configuration.apply(to: &raw)
    } else if isMegatron(raw) {
      let ranks = roots.map { RankFile(tensors: [], root: $0.root) }
      try MegatronRanks(ranks, names: roots.map(\.name)).describe(&raw, version: nil, overrides: false)
    }
  }

  private func isMegatron(_ raw: RawCheckpoint) -> Bool {
    if roots.contains(where: { MegatronArguments($0.root) != nil || $0.root["checkpoint_version"] != nil }) {
      return true
    }
    let names = (raw.ranks.first?.map(\.name) ?? []) + raw.whole.map(\.name)
    let family = FamilyRegistry.family(ofNames: names, context: FamilyContext()).family
    return family.name == Family.megatron.name || family.name == Family.megatronCore.name
  }

  /// Each file's `mp_world_size` is the number of tensor-parallel ranks that saved the checkpoint.
  func checkWorldSize(_ count: Int) throws(LoaderError) {
    for (root, name) in roots {
      guard let size = root["mp_world_size"]?.asInteger, size != count else { continue }
      throw LoaderError(
        .missingFile, "says mp_world_size \(size), and the folder has files of \(count) tensor-parallel ranks",
        file: name)
    }
  }
}
