/// The families that are known.
public enum FamilyRegistry {
  /// All families, in the order in which they are tried.
  public static let all: [Family] = [.megatron, .llama]

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
  /// The family of which most of the names are, and how many; `unknown` where no family has any.
  static func family(ofNames names: [String], context: FamilyContext) -> (family: Family, matched: Int) {
    var best = (family: Family.unknown, matched: 0)
    for family in all {
      let table = RoleTable(family, context)
      let matched = names.count { table.entry(of: $0) != nil }
      if matched > best.matched { best = (family, matched) }
    }
    return best
  }
}

extension Family {
  /// A family of which nothing is known: every tensor is held whole.
  static let unknown = Family("unknown") { _ in [] }
}
