/// What is known of a checkpoint once its metadata has been read: everything a plan is made from.
public struct Checkpoint: Sendable {
  /// The manifest's name.
  public private(set) var name: String
  /// What the source is, as `__metadata__` names it: `Megatron`, `BLOOM`, `ds_model`, `huggingface`, …
  public let sourceType: String
  /// What was detected, and by what, in words.
  public let reasons: [String]
  /// The model family.
  public let family: Family
  /// What the family's table depended on.
  public let context: FamilyContext
  /// How the source was parallelized.
  public let parallelization: Parallelization
  /// The version of the checkpoint's layout, where it has one that means something.
  public let version: String?
  /// The key below which the state dict was found; nil where it is the file itself.
  public let moduleKey: String?
  /// The whole tensors, in the source's order.
  public let tensors: [LogicalTensor]
  /// The files.
  public let files: [FileTable.Entry]
  /// The identity of its content: 40 hexadecimal digits.
  public let revision: String
  /// What was odd but did not prevent serving.
  public let warnings: [String]
  /// Whether `embeddings=auto` keeps embeddings whole, as DeepSpeed does for BLOOM and ds_model.
  public let keepsEmbeddingsWhole: Bool
  /// Rows of the vocabulary that count, where the manifest says so.
  public let vocabularySize: Int?
  /// The manifest's own rules, which come before the family's.
  let extraRules: [NameRule]

  /// How a source was parallelized.
  public struct Parallelization: Sendable, Hashable {
    /// Tensor-parallel ranks.
    public var tensor = 1
    /// Pipeline stages.
    public var pipeline = 1

    /// A source of that many ranks.
    public init(tensor: Int = 1, pipeline: Int = 1) {
      self.tensor = tensor
      self.pipeline = pipeline
    }
  }

  /// The same checkpoint under another name.
  public func named(_ name: String) -> Checkpoint {
    var checkpoint = self
    checkpoint.name = name
    return checkpoint
  }

  /// Bytes of all whole tensors.
  public var byteCount: Int {
    tensors.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue }
  }

  /// The rule by which a tensor of this checkpoint is dealt by default.
  public func rule(of tensor: LogicalTensor) -> Rule? {
    (try? TensorSelector(self, PartitionParameters(rank: 0, mp: 1)).target(of: tensor))?.rule
  }

  /// Highest degree that `possibleDegrees` looks at.
  public static let degreeLimit = PartitionParameters.mpLimit

  /// The degrees at which the default partition exists, up to `degreeLimit`.
  public var possibleDegrees: [Int] {
    possibleDegrees(PartitionParameters(rank: 0, mp: 1))
  }

  /// The degrees at which partitions with these parameters exist, up to `degreeLimit`.
  public func possibleDegrees(_ parameters: PartitionParameters) -> [Int] {
    let rules = distinctRules(parameters)
    var limit = Checkpoint.degreeLimit
    for rule in rules { limit = min(limit, rule.rule.form.largestDegree(extent: rule.extent) ?? limit) }
    guard limit > 0 else { return [] }
    return (1...limit).filter { mp in rules.allSatisfy { $0.rule.allows(mp: mp, shape: $0.shape) } }
  }

  private func distinctRules(_ parameters: PartitionParameters) -> [ShapedRule] {
    var parameters = parameters
    parameters.rank = 0
    let selector = TensorSelector(self, parameters)
    var distinct: Set<ShapedRule> = []
    for tensor in tensors {
      if let target = try? selector.target(of: tensor) {
        distinct.insert(ShapedRule(rule: target.rule, shape: target.shape))
      }
    }
    return Array(distinct)
  }

  private struct ShapedRule: Hashable {
    let rule: Rule
    let shape: [Int]

    /// Positions of the axis that is dealt.
    var extent: Int { rule.axis.map { shape.indices.contains($0) ? shape[$0] : 0 } ?? 0 }
  }
}
