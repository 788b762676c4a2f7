/// Decides which tensors a partition holds, and under which rule: where the request's parameters meet the family's.
struct TensorSelector {
  private let checkpoint: Checkpoint
  private let parameters: PartitionParameters
  private let geometry: Geometry
  private let patterns: [NamePattern]
  private let vocabularySize: Int?
  private let layerCount: Int
  private let expertCount: Int

  /// A tensor's rule in a partition, and the shape that the rule is about.
  struct Target {
    /// How it is dealt.
    let rule: Rule
    /// The whole tensor's shape, rows that were dropped apart.
    let shape: [Int]
    /// Whether rows are dropped or added, which `__metadata__` says.
    var vocabularyRows: Int?
  }

  /// - Parameter tensors: the checkpoint's tensors under the names that are asked for.
  init(_ checkpoint: Checkpoint, _ parameters: PartitionParameters, _ tensors: [LogicalTensor]) {
    self.checkpoint = checkpoint
    self.parameters = parameters
    var geometry = checkpoint.context.geometry
    geometry.vocabularyMultiple = parameters.vocabularyMultiple
    self.geometry = geometry
    patterns = parameters.tensors.compactMap { NamePattern($0) }
    vocabularySize = parameters.vocabularySize ?? checkpoint.vocabularySize(for: parameters.names)
    layerCount = (tensors.lazy.compactMap(\.layer).max() ?? -1) + 1
    let stacked = tensors.lazy.filter { $0.role.countsExperts }.compactMap(\.shape.first).max()
    expertCount = stacked ?? (tensors.lazy.compactMap(\.expert).max() ?? -1) + 1
  }

  /// Checks what no single tensor can tell.
  func validate() throws(LoaderError) {
    for text in parameters.tensors where NamePattern(text) == nil {
      throw .argument("tensors holds the malformed pattern \(text.escaped): a bracket is not closed")
    }
    if let stage = parameters.stage {
      guard layerCount > 0, layerCount % stage.count == 0 else {
        let possible = (1...min(max(layerCount, 1), 1024)).filter { layerCount % $0 == 0 }
        throw LoaderError(
          .failedPrecondition,
          "pp=\(stage.count) cannot split \(layerCount) layers evenly; this checkpoint can be served at pp "
            + possible.map(String.init).joined(separator: ", "))
      }
    }
    if let experts = parameters.experts {
      guard expertCount > 0, expertCount % experts.count == 0 else {
        throw LoaderError(
          .failedPrecondition,
          expertCount == 0
            ? "ep=\(experts.count) needs a mixture of experts; this checkpoint has none"
            : "ep=\(experts.count) cannot split \(expertCount) experts evenly")
      }
    }
  }

  /// Whether the partition holds a tensor at all.
  func includes(_ tensor: LogicalTensor) -> Bool {
    if !patterns.isEmpty, !patterns.contains(where: { $0.match(tensor.name) != nil }) { return false }
    if let stage = parameters.stage, !isOfStage(tensor, stage) { return false }
    if let experts = parameters.experts, let expert = tensor.expert, !isOfRank(expert, experts) { return false }
    return true
  }

  /// The rule of a tensor in the partition.
  func target(of tensor: LogicalTensor) throws(LoaderError) -> Target {
    var role = tensor.role
    var shape = tensor.shape
    var rows: Int?
    if role == .vocabulary {
      if let vocabularySize, let saved = shape.first {
        guard vocabularySize <= saved else {
          throw LoaderError(
            .failedPrecondition,
            "vocab_size=\(vocabularySize) is more than the \(saved) rows of \(tensor.name.escaped)")
        }
        if vocabularySize < saved { rows = vocabularySize }
        shape[0] = vocabularySize
      }
      if keepsEmbeddingsWhole { role = .replicated }
    }
    if let experts = parameters.experts {
      if role.countsExperts { return Target(rule: section(of: experts, shape: shape), shape: shape) }
      if tensor.expert != nil { role = .replicated }
    }
    do throws(AxisForm.Failure) {
      let rule = try role.rule(shape: shape, geometry: geometry)
      if role == .vocabulary, let saved = shape.first, saved % (parameters.mp * parameters.vocabularyMultiple) != 0 {
        rows = saved
      }
      return Target(rule: rule, shape: shape, vocabularyRows: rows)
    } catch {
      throw LoaderError(.invalidCheckpoint, "\(tensor.name.escaped) of shape \(shape) contradicts its rule: \(error)")
    }
  }

  private var keepsEmbeddingsWhole: Bool {
    switch parameters.embeddings {
    case .whole: true
    case .split: false
    case .automatic: checkpoint.keepsEmbeddingsWhole && parameters.names == .source
    }
  }

  /// Some experts of a tensor that holds all of them, whole.
  private func section(of experts: PartitionParameters.Part, shape: [Int]) -> Rule {
    let count = (shape.first ?? 0) / experts.count
    return Rule(axis: 0, form: .section(start: experts.index * count, count: count))
  }

  private func isOfStage(_ tensor: LogicalTensor, _ stage: PartitionParameters.Part) -> Bool {
    if let layer = tensor.layer { return layer * stage.count / layerCount == stage.index }
    return tensor.isBeforeLayers ? stage.index == 0 : stage.index == stage.count - 1
  }

  private func isOfRank(_ expert: Int, _ experts: PartitionParameters.Part) -> Bool {
    expert * experts.count / expertCount == experts.index
  }
}
