/// The families that are known.
public enum FamilyRegistry {
  /// All families, in the order in which they are tried: of two that know equally many of a model's names, the first is it.
  public static let all: [Family] = [
    .megatron, .megatronCore, .deepSpeedInference, .llama, .phi3, .mixtral, .qwenMoE, .deepSeek, .bloom, .falcon, .gpt2,
    .gptNeoX, .opt, .bert,
  ]

  /// The family of a name, as a manifest's `family` key gives it.
  public static func family(named name: String) -> Family? {
    all.first { $0.name == name.lowercased() }
  }

  /// The family of a `model_type` in a Hugging Face `config.json`.
  public static func family(modelType: String) -> Family? {
    all.first { $0.modelTypes.contains(modelType) }
  }
}

extension FamilyRegistry {
  /// Names that are looked at where the names must tell the family: of a larger model, some throughout it.
  private static let sampleSize = 2000

  /// The family of which most of the names are, how many those are, and of how many; `unknown` where no family has any.
  static func family(
    ofNames names: [String], context: FamilyContext
  ) -> (family: Family, matched: Int, count: Int) {
    let step = max(1, (names.count + sampleSize - 1) / sampleSize)
    let sample = stride(from: 0, to: names.count, by: step).map { names[$0] }
    // No family's patterns tell numbers apart, so one of the names that differ in nothing else stands for all.
    var alike: [[UInt8]: (name: String, count: Int)] = [:]
    for name in sample { alike[RoleTable.skeleton(of: Array(name.utf8)), default: (name, 0)].count += 1 }
    var best = (family: Family.unknown, matched: 0, count: sample.count)
    for family in all {
      var table = RoleTable(family, context)
      var matched = 0
      for (name, count) in alike.values where family.ignores(name) || table.entry(of: name) != nil { matched += count }
      if matched > best.matched { best = (family, matched, sample.count) }
    }
    return best
  }
}

extension Family {
  /// A family of which nothing is known: every tensor is held whole.
  static let unknown = Family("unknown") { _ in [] }
}
