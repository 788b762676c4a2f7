/// The tensors of a checkpoint that are scales of another, found by their names: `X_scale_inv` holds a scale for each block of the
/// FP8 weight `X`, `X_scale` one for each row or one for all, `X.scale` one for each row of each rank's int8 values.
///
/// Source: deepseek-ai/DeepSeek-V3 `inference/fp8_cast_bf16.py` (`weight_scale_inv`); transformers
/// `integrations/finegrained_fp8.py`; vLLM `model_executor/layers/quantization/fp8.py` (`Fp8LinearMethod.create_weights`).
struct ScaledWeights {
  private let weights: [Int: Int]
  private let blockScales: [Int: Int]
  private let count: Int

  private static let blockSuffix = "_scale_inv"
  private static let rowSuffixes = ["_scale", ".scale"]
  /// The block of checkpoints that do not say theirs.
  private static let usualBlock = WeightBlock(rows: 128, columns: 128)

  /// Finds the scales among the names of a checkpoint's tensors.
  init(names: [String]) {
    count = names.count
    var weights: [Int: Int] = [:]
    var blockScales: [Int: Int] = [:]
    let suffixes = [ScaledWeights.blockSuffix] + ScaledWeights.rowSuffixes
    let candidates = names.indices.compactMap { index in
      suffixes.first { names[index].hasSuffix($0) }.map { (index: index, suffix: $0) }
    }
    if !candidates.isEmpty {
      let indices = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
      for (index, suffix) in candidates {
        let isBlock = suffix == ScaledWeights.blockSuffix
        guard let weight = indices[String(names[index].dropLast(suffix.count))] else { continue }
        weights[index] = weight
        if isBlock { blockScales[weight] = index }
      }
    }
    self.weights = weights
    self.blockScales = blockScales
  }

  /// The weight that a tensor is the scale of.
  func weight(of index: Int) -> Int? { weights[index] }

  /// The indices of all tensors, scales behind everything else.
  var weightsFirst: [Int] {
    if weights.isEmpty { return Array(0..<count) }
    return (0..<count).filter { weights[$0] == nil } + (0..<count).filter { weights[$0] != nil }
  }

  /// What each name is; a scale that no rule names is what its weight is.
  func entries(of names: [String], table: inout RoleTable) -> [RoleTable.Entry?] {
    var entries: [RoleTable.Entry?] = []
    entries.reserveCapacity(names.count)
    for index in names.indices {
      let entry = table.entry(of: names[index])
      entries.append(entry ?? weights[index].flatMap { table.entry(of: names[$0]) })
    }
    return entries
  }

  /// The role of a tensor, given what its name says, with the blocks in which it may be cut.
  /// - Parameters:
  ///   - block: the blocks that the configuration states.
  ///   - shapes: the shape of every tensor as the source's first rank holds it.
  ///   - weight: the whole weight that the tensor is the scale of.
  /// - Throws: where the scales are not those of the weight's blocks.
  func role(
    of index: Int, as role: Role, block: WeightBlock?, shapes: [[Int]], weight: LogicalTensor?
  ) throws(LoaderError) -> Role {
    if let scale = blockScales[index] {
      let isCut = !ScaledWeights.isSingle(shapes[scale]) && shapes[index].count >= 2
      return isCut ? .blockwise(role, block ?? ScaledWeights.usualBlock) : role
    }
    guard let weight else { return role }
    let scales = shapes[index]
    if ScaledWeights.isSingle(scales) { return .replicated }
    guard case .blockwise(let inner, let block) = weight.role else {
      switch weight.role.axis(rank: weight.shape.count) {
      case 0: return weight.role
      case 1 where scales.count == 2: return .inputScales
      default: return .replicated
      }
    }
    let ofRank = weights[index].map { shapes[$0] } ?? []
    guard block.scaleShape(of: ofRank) == scales else {
      throw LoaderError(
        .invalidCheckpoint,
        "the scales of \(weight.name.escaped) have shape \(scales); one for each block of \(block.rows) x"
          + " \(block.columns) of \(ofRank) would be \(block.scaleShape(of: ofRank) ?? [])")
    }
    return .blockScales(inner, block, of: weight.shape)
  }

  /// Whether scales are one number for the whole weight.
  private static func isSingle(_ scales: [Int]) -> Bool {
    scales.count < 2 && scales.allSatisfy { $0 == 1 }
  }
}
