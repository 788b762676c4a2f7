import Platform

/// Makes the plan of a partition: metadata in, segments out, no file touched.
public struct Planner: Sendable {
  private let checkpoint: Checkpoint
  private let parameters: PartitionParameters

  /// A planner of one partition of a checkpoint.
  public init(_ checkpoint: Checkpoint, _ parameters: PartitionParameters) {
    self.checkpoint = checkpoint
    self.parameters = parameters
  }

  /// A tensor of the partition, before it has a place in the body.
  private struct Chosen {
    let tensor: LogicalTensor
    let target: TensorSelector.Target
    let intervals: [AxisInterval]
    let shape: [Int]
    let byteCount: Int
  }

  /// The plan.
  /// - Throws: `failedPrecondition` where the shapes cannot be split so, naming the degrees that are possible; `unimplemented` for
  ///   a parameter that this checkpoint or this version does not offer.
  public func plan() throws(LoaderError) -> PartitionPlan {
    try refuseWhatIsNotOffered()
    let tensors = try checkpoint.tensors(for: parameters.names)
    let selector = TensorSelector(checkpoint, parameters, tensors)
    try selector.validate()
    var chosen: [Chosen] = []
    for tensor in tensors where selector.includes(tensor) {
      chosen.append(try choose(tensor, selector))
    }
    if chosen.isEmpty, !parameters.tensors.isEmpty {
      throw LoaderError(.notFound, "tensors=\(parameters.tensors.joined(separator: ",").escaped) matches no tensor")
    }
    let order = chosen.indices.sorted {
      (-chosen[$0].tensor.dtype.bitSize, $0) < (-chosen[$1].tensor.dtype.bitSize, $1)
    }
    return try layOut(order.map { chosen[$0] })
  }

  /// Bytes of the partition's tensors, without its segments: for the dry run over all ranks.
  public func tensorBytes() throws(LoaderError) -> Int {
    try refuseWhatIsNotOffered()
    let tensors = try checkpoint.tensors(for: parameters.names)
    let selector = TensorSelector(checkpoint, parameters, tensors)
    try selector.validate()
    var total = 0
    for tensor in tensors where selector.includes(tensor) {
      total += try choose(tensor, selector).byteCount
    }
    return total
  }

  private func refuseWhatIsNotOffered() throws(LoaderError) {
    if let dtype = parameters.dtype {
      throw LoaderError(
        .unimplemented, "casts (here to \(dtype.rawValue)) are not offered by this version; use dtype=native")
    }
    if parameters.quantization != .none {
      throw LoaderError(
        .unimplemented,
        "quantize=\(parameters.quantization.rawValue) is not offered by this version; use quantize=none")
    }
  }

  private func choose(_ tensor: LogicalTensor, _ selector: TensorSelector) throws(LoaderError) -> Chosen {
    let target = try selector.target(of: tensor)
    let intervals: [AxisInterval]
    do throws(AxisForm.Failure) {
      intervals = try target.rule.held(rank: parameters.rank, mp: parameters.mp, shape: target.shape)
    } catch {
      throw impossible(tensor, target)
    }
    var shape = target.shape
    if let axis = target.rule.axis { shape[axis] = intervals.extent }
    guard let byteCount = tensor.dtype.byteCount(shape: shape) else {
      throw LoaderError(
        .failedPrecondition,
        "mp=\(parameters.mp) cannot split \(tensor.name.escaped): a piece of its \(tensor.dtype.rawValue) elements does not"
          + " end on a byte")
    }
    return Chosen(tensor: tensor, target: target, intervals: intervals, shape: shape, byteCount: byteCount)
  }

  private func impossible(_ tensor: LogicalTensor, _ target: TensorSelector.Target) -> LoaderError {
    let axis = target.rule.axis ?? 0
    let degrees = checkpoint.possibleDegrees(parameters).map(String.init).joined(separator: ", ")
    return LoaderError(
      .failedPrecondition,
      "mp=\(parameters.mp) cannot split \(tensor.name.escaped) dim \(axis) = \(target.shape[axis])"
        + "\(unitNote(target.rule.form)); this checkpoint can be served at mp \(degrees)")
  }

  private func unitNote(_ form: AxisForm) -> String {
    switch form {
    case .units(let length, _) where length > 1: " (whole units of \(length))"
    case .parts(let parts): " (parts of \(parts.map { String($0.extent) }.joined(separator: ", ")))"
    case .aligned(let block, let form), .blocks(let block, _, let form):
      "\(unitNote(form)) (blocks of \(block) share a scale)"
    default: ""
    }
  }

  // MARK: The body

  private func layOut(_ chosen: [Chosen]) throws(LoaderError) -> PartitionPlan {
    var header = BodyHeader(metadata: metadata(rows: chosen.lazy.compactMap(\.target.vocabularyRows).first))
    var end = 0
    for item in chosen {
      let (next, overflow) = end.addingReportingOverflow(item.byteCount)
      guard !overflow, next < Int.max / 2 else {
        throw LoaderError(.failedPrecondition, "the partition would be larger than can be counted")
      }
      header.tensors.append(
        .init(name: item.tensor.name, dtype: item.tensor.dtype, shape: item.shape, range: end..<next))
      end = next
    }
    let head = header.bytes
    var segments = [Segment(count: head.count, content: .literal(head))]
    var tensors: [PlannedTensor] = []
    var position = head.count
    for item in chosen {
      let first = segments.count
      segments.append(contentsOf: try self.segments(of: item))
      tensors.append(
        PlannedTensor(
          name: item.tensor.name, dtype: item.tensor.dtype, shape: item.shape,
          range: position..<position + item.byteCount, rule: item.target.rule, wholeShape: item.target.shape,
          segments: first..<segments.count, origin: item.tensor.origin))
      position += item.byteCount
    }
    return PartitionPlan(
      parameters: parameters, revision: checkpoint.revision, tensors: tensors, segments: segments,
      starts: starts(of: segments), length: position, identity: identity())
  }

  private func starts(of segments: [Segment]) -> [Int] {
    var position = 0
    return segments.map { segment in
      defer { position += segment.count }
      return position
    }
  }

  private func segments(of item: Chosen) throws(LoaderError) -> [Segment] {
    guard let elementSize = item.tensor.dtype.byteSize else { return try verbatim(item) }
    var builder = SegmentBuilder(elementSize: elementSize)
    do throws(SegmentBuilder.Failure) {
      try builder.append(shape: item.shape, boxes: boxes(of: item))
    } catch {
      switch error {
      case .tooMany:
        throw LoaderError(.failedPrecondition, "\(item.tensor.name.escaped) would need too many pieces")
      case .gap(let axis, let position):
        throw LoaderError(
          .invalidCheckpoint, "\(item.tensor.name.escaped) lacks position \(position) of dim \(axis) in every file")
      }
    }
    return builder.segments
  }

  /// Sub-byte elements are passed through as they lie, never cut.
  private func verbatim(_ item: Chosen) throws(LoaderError) -> [Segment] {
    let boxes = item.tensor.boxes(rank: parameters.rank, mp: parameters.mp)
    guard let box = boxes.first, boxes.count == 1, item.shape == item.tensor.shape,
      let file = box.file
    else {
      throw LoaderError(
        .failedPrecondition,
        "\(item.tensor.name.escaped) has \(item.tensor.dtype.rawValue) elements, which are only passed through whole")
    }
    return item.byteCount == 0 ? [] : [Segment(count: item.byteCount, content: .run(file: file, offset: box.offset))]
  }

  /// The blocks of the source that make up what the rank holds, at their places in it.
  private func boxes(of item: Chosen) -> [Box] {
    let rank = item.shape.count
    let source = item.tensor.boxes(rank: parameters.rank, mp: parameters.mp)
    guard rank > 0 else { return source }
    let axis = item.target.rule.axis ?? 0
    let intervals = item.target.rule.axis == nil ? [AxisInterval(start: 0, count: item.shape[0])] : item.intervals
    var boxes: [Box] = []
    var position = 0
    for interval in intervals {
      if let start = interval.start {
        for box in source {
          guard var part = box.clipped(axis: axis, to: start..<start + interval.count) else { continue }
          part.origin[axis] += position - start
          boxes.append(part)
        }
      } else {
        var origin = Array(repeating: 0, count: rank)
        origin[axis] = position
        var shape = item.shape
        shape[axis] = interval.count
        boxes.append(Box(zerosAt: origin, shape: shape))
      }
      position += interval.count
    }
    return boxes
  }

  private func metadata(rows: Int?) -> [(key: String, value: String)] {
    var fields = [
      ("format", "pt"), ("model", checkpoint.name), ("revision", checkpoint.revision),
      ("rank", String(parameters.rank)),
      ("mp", String(parameters.mp)), ("names", parameters.names.rawValue), ("source_type", checkpoint.sourceType),
      ("family", checkpoint.family.name),
    ]
    let geometry = checkpoint.context.geometry
    if let version = checkpoint.version { fields.append(("checkpoint_version", version)) }
    if let heads = geometry.heads { fields.append(("num_attention_heads", String(heads))) }
    if let heads = geometry.keyValueHeads { fields.append(("num_key_value_heads", String(heads))) }
    if let dimension = geometry.headDimension { fields.append(("head_dim", String(dimension))) }
    if let rows { fields.append(("vocab_size", String(rows))) }
    return fields.map { (key: $0.0, value: $0.1) }
  }

  private func identity() -> String {
    var hash = SHA256()
    hash.update(field: "weight-server partition")
    hash.update(integer: UInt64(PartitionPlan.rulesVersion))
    hash.update(field: checkpoint.revision)
    hash.update(field: checkpoint.name)
    hash.update(field: parameters.canonical)
    return hash.finish().prefix(16).hexadecimal
  }
}
