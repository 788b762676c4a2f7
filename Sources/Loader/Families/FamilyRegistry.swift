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
