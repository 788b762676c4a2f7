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
  /// The training's arguments, where the source has them.
  var arguments = TrainingArguments()
  /// The `config.json` beside the checkpoint or in the manifest's `assets`, as it is; nil where there is none.
  var configurationText: String?
  /// The folder with the files that the model needs beside its weights; nil where the checkpoint has none.
  public internal(set) var assets: AssetFolder?
  private let mapping = Memo<Result<HuggingFaceMapping, LoaderError>>()

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

  /// The whole tensors under the names that are asked for.
  /// - Throws: `failedPrecondition` where the family has no mapping, naming the first tensor without one.
  public func tensors(for names: PartitionParameters.Names) throws(LoaderError) -> [LogicalTensor] {
    switch names {
    case .source: tensors
    case .huggingFace: try huggingFace().tensors
    }
  }

  /// The tensors as Hugging Face's checkpoint of the model has them; found out once.
  /// - Throws: `failedPrecondition` where the family has no mapping, naming the first tensor without one.
  public func huggingFace() throws(LoaderError) -> HuggingFaceMapping {
    try mapping.value { () -> Result<HuggingFaceMapping, LoaderError> in
      do throws(LoaderError) {
        return .success(try makeMapping())
      } catch {
        return .failure(error)
      }
    }.get()
  }

  /// The Hugging Face `config.json` of the model: the one beside the checkpoint, else one made of the training's arguments.
  /// - Throws: `failedPrecondition` where a field is said by nothing, naming it and the manifest's key to give it by.
  public func huggingFaceConfiguration() throws(LoaderError) -> String {
    if let configurationText { return configurationText }
    return try HuggingFaceConfigurationWriter(self).text
  }

  private func makeMapping() throws(LoaderError) -> HuggingFaceMapping {
    let source = HuggingFaceNames.Source(
      context: context, sourceType: sourceType, arguments: arguments, vocabularySize: vocabularySize(for: .huggingFace),
      names: tensors.map(\.name))
    if let names = try family.huggingFace(source) {
      return try HuggingFaceMapping(names, source: source, tensors: tensors)
    }
    guard family.hasHuggingFaceNames else {
      throw LoaderError(
        .failedPrecondition,
        "names=hf: family \(family.name) has no mapping to Hugging Face's names; the first tensor without one is "
          + (tensors.first?.name.escaped ?? "none"))
    }
    return HuggingFaceMapping(modelType: context.companionModelType, identical: tensors)
  }

  /// Rows of the vocabulary that count under the names that are asked for, where something says so: the manifest, or for Hugging
  /// Face's names, whose checkpoints have no padding, the training's `vocab_size`.
  func vocabularySize(for names: PartitionParameters.Names) -> Int? {
    if let vocabularySize { return vocabularySize }
    guard names == .huggingFace, let size = arguments.count("vocab_size") else { return nil }
    let isPadded = tensors.allSatisfy { $0.role != .vocabulary || ($0.shape.first ?? 0) >= size }
    return isPadded ? size : nil
  }

  /// Bytes of all whole tensors.
  public var byteCount: Int {
    tensors.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue }
  }

  /// The rule by which a tensor of this checkpoint is dealt by default.
  public func rule(of tensor: LogicalTensor) -> Rule? {
    (try? TensorSelector(self, PartitionParameters(rank: 0, mp: 1), tensors).target(of: tensor))?.rule
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
    let tensors = (try? tensors(for: parameters.names)) ?? []
    let selector = TensorSelector(self, parameters, tensors)
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
