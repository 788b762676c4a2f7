/// A model family: which tensor names it has and what each is to the model. A family is data; a new one is one file and a line in
/// `FamilyRegistry`.
public struct Family: Sendable {
  /// Its name, as `/manifests` shows it and a manifest's `family` key gives it.
  public let name: String
  /// Values of `model_type` in a Hugging Face `config.json` that mean this family.
  public let modelTypes: [String]
  /// Whether its tensor names and layouts are Hugging Face's own, so that `names=hf` is the identity.
  public let hasHuggingFaceNames: Bool
  /// Names that frameworks keep beside the weights and that are no part of the model: Transformer Engine's `_extra_state`.
  let ignored: [NamePattern]
  /// Reads what the family's own keys of a Hugging Face `config.json` say; the common ones have been read before.
  let configure: @Sendable (HuggingFaceConfiguration, inout FamilyContext) throws(LoaderError) -> Void
  /// The Hugging Face model that a source's tensors are mapped to, and how; nil where the names are Hugging Face's own.
  let huggingFace: @Sendable (HuggingFaceNames.Source) throws(LoaderError) -> HuggingFaceNames?
  /// The names of its tensors, in the order of the model: what comes before the layers, the layers, what comes after.
  let rules: @Sendable (FamilyContext) -> [NameRule]

  init(
    _ name: String, modelTypes: [String] = [], hasHuggingFaceNames: Bool = false, ignored: [String] = [],
    configure: @escaping @Sendable (HuggingFaceConfiguration, inout FamilyContext) throws(LoaderError) -> Void = {
      (_, _) throws(LoaderError) in
    },
    huggingFace: @escaping @Sendable (HuggingFaceNames.Source) throws(LoaderError) -> HuggingFaceNames? = {
      (_) throws(LoaderError) in nil
    },
    rules: @escaping @Sendable (FamilyContext) -> [NameRule]
  ) {
    self.name = name
    self.modelTypes = modelTypes
    self.hasHuggingFaceNames = hasHuggingFaceNames
    self.ignored = ignored.compactMap { NamePattern($0) }
    self.configure = configure
    self.huggingFace = huggingFace
    self.rules = rules
  }

  /// Whether a name is no part of the model.
  func ignores(_ name: String) -> Bool { ignored.contains { $0.match(name) != nil } }
}

/// What a family's table may depend on beside the names.
public struct FamilyContext: Sendable, Hashable {
  /// The model's numbers.
  public var geometry = Geometry()
  /// The layout of a Megatron checkpoint's fused QKV; nil where that means nothing.
  public var megatronLayout: MegatronLayout?
  /// The order of a fused QKV, where a family has several and something says which.
  public var fusedOrder: Role.FusedOrder?
  /// Whether matrices that the family keeps as `[in, out]` are `[out, in]` here, as DeepSpeed's int8 ones are.
  public var storesOutputFirst = false
  /// The `model_type` of a `config.json` beside a checkpoint of another framework, which says whose names `names=hf` gives.
  public var companionModelType: String?
  /// Rows and columns of the blocks that share a scale of an FP8 weight, where something says.
  public var weightBlock: WeightBlock?

  /// A text that is equal where tables and rules are: part of a checkpoint's revision, since the same files under another
  /// configuration are cut otherwise.
  var identity: String {
    let geometry = geometry
    let numbers = [
      geometry.heads, geometry.keyValueHeads, geometry.headDimension, geometry.latentValueRows, geometry.hiddenSize,
      geometry.layers, geometry.vocabularySize, geometry.experts, geometry.isGated ? 1 : 0, storesOutputFirst ? 1 : 0,
      weightBlock?.rows, weightBlock?.columns,
    ]
    let words = [megatronLayout?.rawValue, fusedOrder.map { "\($0)" }] + (companionModelType.map { [$0] } ?? [])
    return (numbers.map { $0.map(String.init) ?? "-" } + words.map { $0 ?? "-" }).joined(separator: " ")
  }
}

/// A pattern of names and what they are.
public struct NameRule: Sendable {
  /// The names.
  public let pattern: NamePattern
  /// What they are.
  public let role: Role
  /// Whether layers may lack them: an MLP that only the dense layers of a mixture have, a router.
  let isOptional: Bool

  /// A rule of a pattern that is known to be well formed; a malformed one matches nothing.
  init(_ pattern: String, _ role: Role, isOptional: Bool = false) {
    self.pattern = NamePattern(pattern) ?? NamePattern.nothing
    self.role = role
    self.isOptional = isOptional
  }

  /// A rule of a parsed pattern.
  init(pattern: NamePattern, role: Role) {
    self.pattern = pattern
    self.role = role
    isOptional = true
  }
}
