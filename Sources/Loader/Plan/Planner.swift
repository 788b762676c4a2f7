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

    var input: PostProcessInput {
      PostProcessInput(
        name: tensor.name, dtype: tensor.dtype, shape: shape, role: tensor.role, isOfLayer: tensor.layer != nil)
    }
  }

  /// A tensor of the body, before it has a place there, and which of the chosen tensors it is made of.
  private struct BodyItem {
    let output: PostProcessOutput
    let source: Int
    let byteCount: Int
  }

  /// What a partition holds: the tensors that were chosen, what is made of them, and what `__metadata__` says of that.
  private struct Contents {
    let chosen: [Chosen]
    let items: [BodyItem]
    let metadata: [(key: String, value: String)]
  }

  /// The plan.
  /// - Throws: `failedPrecondition` where the shapes cannot be split so, naming the degrees that are possible, or where a name has no
  ///   mapping; `notFound` where no tensor matches.
  public func plan() throws(LoaderError) -> PartitionPlan {
    let contents = try contents()
    if contents.items.isEmpty, !parameters.tensors.isEmpty {
      throw LoaderError(.notFound, "tensors=\(parameters.tensors.joined(separator: ",").escaped) matches no tensor")
    }
    let order = contents.items.indices.sorted { left, right in
      let bits = (contents.items[left].output.dtype.bitSize, contents.items[right].output.dtype.bitSize)
      return bits.0 == bits.1 ? left < right : bits.0 > bits.1
    }
    return try layOut(order.map { contents.items[$0] }, contents.chosen, contents.metadata)
  }

  /// Bytes of the partition's tensors, without its segments: for the dry run over all ranks.
  public func tensorBytes() throws(LoaderError) -> Int {
    try contents().items.reduce(0) { $0 + $1.byteCount }
  }

  private func contents() throws(LoaderError) -> Contents {
    let tensors = try checkpoint.tensors(for: parameters.names)
    let selector = TensorSelector(checkpoint, parameters, tensors)
    try selector.validate()
    var chosen: [Chosen] = []
    for tensor in tensors where selector.includes(tensor) { chosen.append(try choose(tensor, selector)) }
    let post = PostProcessPlan(parameters, tensors: tensors)
    var items: [BodyItem] = []
    for (index, outputs) in try post.outputs(of: chosen.map(\.input)).enumerated() {
      for output in outputs { items.append(try bodyItem(output, of: index, chosen[index])) }
    }
    return Contents(chosen: chosen, items: items, metadata: post.metadata(of: items.lazy.map(\.output)))
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

  private func bodyItem(
    _ output: PostProcessOutput, of index: Int, _ chosen: Chosen
  ) throws(LoaderError) -> BodyItem {
    guard let byteCount = output.operation == nil ? chosen.byteCount : output.dtype.byteCount(shape: output.shape)
    else {
      throw LoaderError(.failedPrecondition, "\(output.name.escaped) would be larger than can be counted")
    }
    return BodyItem(output: output, source: index, byteCount: byteCount)
  }

  private func layOut(
    _ items: [BodyItem], _ chosen: [Chosen], _ more: [(key: String, value: String)]
  ) throws(LoaderError) -> PartitionPlan {
    let rows = chosen.lazy.compactMap(\.target.vocabularyRows).first
    var header = BodyHeader(metadata: metadata(rows: rows) + more)
    var end = 0
    for item in items {
      let (next, overflow) = end.addingReportingOverflow(item.byteCount)
      guard !overflow, next < Int.max / 2 else {
        throw LoaderError(.failedPrecondition, "the partition would be larger than can be counted")
      }
      let output = item.output
      header.tensors.append(.init(name: output.name, dtype: output.dtype, shape: output.shape, range: end..<next))
      end = next
    }
    var layout = BodyLayout(head: header.bytes)
    var inputs: [Int: SegmentList] = [:]
    for item in items {
      let source = chosen[item.source]
      let known = inputs[item.source]
      let input = if let known { known } else { SegmentList(try segments(of: source)) }
      // Values and scales of one tensor share what they are computed from.
      if item.output.operation != nil { inputs[item.source] = input }
      layout.append(
        item.output, byteCount: item.byteCount, of: item.source, source.target, source.tensor.origin, input)
    }
    return PartitionPlan(
      parameters: parameters, revision: checkpoint.revision, tensors: layout.tensors,
      body: SegmentList(layout.segments), identity: identity())
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
