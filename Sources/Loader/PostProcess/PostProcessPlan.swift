/// Decides what is done to each tensor of a partition: where `dtype` and `quantize` meet what tensors are to the model.
///
/// - Quantized are the linear weights of layers: matrices whose role deals them to ranks. Embeddings, heads, norms, biases, routers
///   and what every rank holds whole are not.
/// - Everything else that is made of floating-point numbers is cast, where a cast is asked for.
/// - A tensor that came quantized, and its scales, are passed on as they are: their numbers mean nothing apart. To quantize one
///   again is refused.
struct PostProcessPlan {
  private let quantization: (any PostProcess)?
  private let cast: Cast?
  private let label: String
  private let metadata: [(key: String, value: String)]
  private let scaled: Set<String>

  /// A plan for the tensors of a checkpoint.
  init(_ parameters: PartitionParameters, tensors: [LogicalTensor]) {
    cast = parameters.dtype.map(Cast.init)
    let grouping = parameters.grouping
    switch parameters.quantization {
    case .none: quantization = nil
    case .int8: quantization = Int8Quantization(grouping: grouping)
    case .int4: quantization = Int4Quantization(grouping: grouping)
    }
    label = "quantize=\(parameters.quantization.rawValue)"
    scaled = cast == nil && quantization == nil ? [] : PostProcessPlan.scaled(tensors)
    var metadata: [(key: String, value: String)] = []
    if quantization != nil {
      metadata.append(("quantize", parameters.quantization.rawValue))
      switch grouping.amount {
      case .groups(let groups): metadata.append(("groups", String(groups)))
      case .size(let size): metadata.append(("group_size", String(size)))
      }
      if grouping.isExtra { metadata.append(("mlp_extra_grouping", "true")) }
    }
    self.metadata = metadata
  }

  /// The tensors that came quantized, and those that are their scales.
  private static func scaled(_ tensors: [LogicalTensor]) -> Set<String> {
    let scales = ScaledWeights(names: tensors.map(\.name))
    var names: Set<String> = []
    for (index, tensor) in tensors.enumerated() {
      guard let weight = scales.weight(of: index), tensors[weight].dtype.bitSize <= 8 else { continue }
      names.formUnion([tensor.name, tensors[weight].name])
    }
    return names
  }

  /// The tensors that each tensor of a partition becomes.
  /// - Throws: `failedPrecondition` where one cannot be quantized as asked.
  func outputs(of tensors: [PostProcessInput]) throws(LoaderError) -> [[PostProcessOutput]] {
    let quantized = tensors.filter(isQuantized)
    var result: [[PostProcessOutput]] = []
    result.reserveCapacity(tensors.count)
    for tensor in tensors {
      if let quantization, isQuantized(tensor) {
        try refuseQuantized(tensor)
        result.append(try quantization.outputs(of: tensor, among: quantized))
      } else if let cast, !scaled.contains(tensor.name) {
        result.append(cast.outputs(of: tensor, among: tensors))
      } else {
        result.append([PostProcessOutput(verbatim: tensor)])
      }
    }
    if quantization != nil { try refuseRepetitions(result) }
    return result
  }

  private func isQuantized(_ tensor: PostProcessInput) -> Bool {
    quantization != nil && tensor.isLinearWeight
      && (scaled.contains(tensor.name) || Cast.sources.contains(tensor.dtype))
  }

  private func refuseQuantized(_ tensor: PostProcessInput) throws(LoaderError) {
    guard scaled.contains(tensor.name) else { return }
    throw LoaderError(
      .failedPrecondition,
      "\(label): \(tensor.name.escaped) is already quantized (\(tensor.dtype.rawValue) with scales beside it); leave"
        + " quantize out, and it is served as it is")
  }

  /// A checkpoint may have a tensor of the name that a scale would get.
  private func refuseRepetitions(_ outputs: [[PostProcessOutput]]) throws(LoaderError) {
    var names: Set<String> = []
    for output in outputs.joined() where !names.insert(output.name).inserted {
      throw LoaderError(
        .failedPrecondition,
        "\(label): the checkpoint has a tensor \(output.name.escaped) of its own; leave quantize out")
    }
  }

  /// What `__metadata__` says of all tensors and of each.
  func metadata(of outputs: some Sequence<PostProcessOutput>) -> [(key: String, value: String)] {
    metadata + outputs.flatMap(\.metadata)
  }
}

extension PostProcessInput {
  /// Whether it is the matrix of a linear layer that is dealt to ranks.
  var isLinearWeight: Bool { isOfLayer && role.isMatrix(axes: shape.count) }
}

extension Role {
  /// Whether a tensor of this role with that many axes holds matrices of a linear layer.
  func isMatrix(axes: Int) -> Bool {
    switch self {
    case .replicated, .vocabulary, .inputScales, .blockScales: false
    case .column, .row, .columnTransposed, .rowTransposed, .queryHeads, .keyValueHeads, .heads, .fusedQKV,
      .fusedColumns:
      axes >= 2
    case .stackedExperts(let inner): inner.isMatrix(axes: axes - 1)
    case .blockwise(let inner, _): inner.isMatrix(axes: axes)
    }
  }
}
