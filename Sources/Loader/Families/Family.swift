/// A model family: which tensor names it has and what each is to the model. A family is data; a new one is one file and a line in
/// `FamilyRegistry`.
public struct Family: Sendable {
  /// Its name, as `/manifests` shows it and a manifest's `family` key gives it.
  public let name: String
  /// Values of `model_type` in a Hugging Face `config.json` that mean this family.
  public let modelTypes: [String]
  /// Whether its tensor names and layouts are Hugging Face's own, so that `names=hf` is the identity.
  public let hasHuggingFaceNames: Bool
  /// The names of its tensors, in the order of the model: what comes before the layers, the layers, what comes after.
  let rules: @Sendable (FamilyContext) -> [NameRule]

  init(
    _ name: String, modelTypes: [String] = [], hasHuggingFaceNames: Bool = false,
    rules: @escaping @Sendable (FamilyContext) -> [NameRule]
  ) {
    self.name = name
    self.modelTypes = modelTypes
    self.hasHuggingFaceNames = hasHuggingFaceNames
    self.rules = rules
  }
}

/// What a family's table may depend on beside the names.
public struct FamilyContext: Sendable, Hashable {
  /// The model's numbers.
  public var geometry = Geometry()
  /// The layout of a Megatron checkpoint's fused QKV; nil where that means nothing.
  public var megatronLayout: MegatronLayout?
}

/// A pattern of names and what they are.
public struct NameRule: Sendable {
  /// The names.
  public let pattern: NamePattern
  /// What they are.
  public let role: Role

  /// A rule of a pattern that is known to be well formed; a malformed one matches nothing.
  init(_ pattern: String, _ role: Role) {
    self.pattern = NamePattern(pattern) ?? NamePattern.nothing
    self.role = role
  }

  /// A rule of a parsed pattern.
  init(pattern: NamePattern, role: Role) {
    self.pattern = pattern
    self.role = role
  }
}

/// A family's rules in a context, ready to look names up.
struct RoleTable: Sendable {
  private let rules: [NameRule]

  /// What a name was found to be.
  struct Entry {
    /// What it is to the model.
    let role: Role
    /// Its layer, where the pattern has a number.
    let layer: Int?
    /// Its expert, where the pattern has a second number.
    let expert: Int?
    /// The rule's place in the family's table.
    let order: Int
  }

  /// A table whose `extra` rules (the manifest's) come before the family's.
  init(_ family: Family, _ context: FamilyContext, extra: [NameRule] = []) {
    rules = extra + family.rules(context)
  }

  /// The first rule that a name matches.
  func entry(of name: String) -> Entry? {
    let bytes = Array(name.utf8)
    for (order, rule) in rules.enumerated() {
      if let numbers = rule.pattern.match(bytes) {
        return Entry(
          role: rule.role, layer: numbers.first, expert: numbers.count > 1 ? numbers[1] : nil, order: order)
      }
    }
    return nil
  }

  /// The places of the rules that name layers; names before them belong to the first pipeline stage, names behind to the last.
  var layeredOrders: ClosedRange<Int>? {
    let orders = rules.indices.filter { rules[$0].pattern.hasNumbers }
    guard let first = orders.first, let last = orders.last else { return nil }
    return first...last
  }
}
