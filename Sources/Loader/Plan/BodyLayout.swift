/// Lays the tensors of a partition out, one behind the other behind the header.
struct BodyLayout {
  /// The tensors, in order.
  private(set) var tensors: [PlannedTensor] = []
  /// The segments, the header's first.
  private(set) var segments: [Segment]
  private var position: Int

  /// A body that begins with a header.
  init(head: [UInt8]) {
    segments = [Segment(count: head.count, content: .literal(head))]
    position = head.count
  }

  /// Appends a tensor.
  /// - Parameters:
  ///   - source: the number of the tensor that it is made of.
  ///   - origin: what of the source that is made of, where names are mapped.
  ///   - input: the bytes of that, as the rank holds them.
  mutating func append(
    _ output: PostProcessOutput, byteCount: Int, of source: Int, _ target: TensorSelector.Target,
    _ origin: LogicalTensor.Origin?, _ input: SegmentList
  ) {
    let first = segments.count
    if let operation = output.operation {
      let transform = Transform(operation: operation, input: input, tensor: source)
      if byteCount > 0 { segments.append(Segment(count: byteCount, content: .transform(transform))) }
    } else {
      segments.append(contentsOf: input.segments)
    }
    tensors.append(
      PlannedTensor(
        name: output.name, dtype: output.dtype, shape: output.shape, range: position..<position + byteCount,
        rule: target.rule, wholeShape: output.scheme.of == nil ? target.shape : output.shape, scheme: output.scheme,
        segments: first..<segments.count, origin: origin))
    position += byteCount
  }
}
