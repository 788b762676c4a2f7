/// The Hugging Face model that a source's tensors are mapped to, and how: what a family's file says of a checkpoint.
struct HuggingFaceNames: Sendable {
  /// transformers' `model_type`.
  let modelType: String
  /// The family whose rules deal the mapped tensors.
  let family: Family
  /// The table. The first line that a name matches counts.
  let mappings: [NameMapping]

  /// A model and its table.
  init(_ modelType: String, _ family: Family, _ mappings: [NameMapping]) {
    self.modelType = modelType
    self.family = family
    self.mappings = mappings
  }

  /// What a family's choice of a model may depend on.
  struct Source: Sendable {
    /// What the rules depended on.
    let context: FamilyContext
    /// What the source is, as `__metadata__` names it.
    let sourceType: String
    /// The training's arguments, where the source has them.
    let arguments: TrainingArguments
    /// Rows of the vocabulary that are no padding, where something says so.
    let vocabularySize: Int?
    /// The names of the source's tensors.
    let names: [String]

    /// Whether a name is there.
    func has(_ pattern: String) -> Bool {
      guard let pattern = NamePattern(pattern) else { return false }
      return names.contains { pattern.match($0) != nil }
    }

    /// Throws where an argument says that the weights mean something that takes arithmetic to write in Hugging Face's way.
    func refuseShiftedNorms() throws(LoaderError) {
      for key in ["apply_layernorm_1p", "layernorm_zero_centered_gamma"] where arguments.boolean(key) == true {
        throw LoaderError(
          .failedPrecondition,
          "names=hf: args.\(key) is true, so norms hold weight - 1; Hugging Face's hold the weight, and names=hf moves bytes only"
        )
      }
    }
  }
}
