internal import Loader

/// A quantized tensor in place, with what makes its values numbers again: I8 times its group's scale; two values of a byte of U8, the low
/// nibble first, times their group's scale, plus its zero. Groups are of consecutive values, all of one size.
public struct QuantizedTensorView: Sendable {
  /// The values as they are stored.
  public let values: TensorView
  /// One scale for each group, F32.
  public let scales: TensorView
  /// One zero for each group, F32; for U8 alone.
  public let zeros: TensorView?
  /// Extents, outermost axis first: those that the tensor had before it was quantized.
  public let shape: [Int]
  /// Values in the tensor.
  public let count: Int
  /// Values in a group; 0 where there are none.
  public let groupSize: Int

  /// Puts together what belongs together.
  /// - Throws: `invalid_argument` where it does not.
  public init(_ values: TensorView, scales: TensorView, zeros: TensorView? = nil) throws(WeightClientError) {
    let isPacked = values.dtype == .u8
    let (total, overflow) = values.count.multipliedReportingOverflow(by: isPacked ? 2 : 1)
    let groups = scales.count
    guard values.dtype == .i8 || isPacked, isPacked == (zeros != nil), zeros.map(\.count) ?? groups == groups,
      scales.dtype == .f32, zeros.map(\.dtype) ?? .f32 == .f32, !overflow,
      groups == 0 ? total == 0 : total % groups == 0
    else {
      throw WeightClientError(
        .request, .invalidArgument,
        "tensor \(values.name.escaped) (\(values.dtype.rawValue), \(values.count)) is not quantized with \(groups)"
          + " scales and \(zeros?.count ?? 0) zeros")
    }
    self.values = values
    self.scales = scales
    self.zeros = zeros
    count = total
    groupSize = groups == 0 ? 0 : total / groups
    var shape = values.shape
    if isPacked, let last = shape.popLast() { shape.append(last * 2) }
    self.shape = shape
  }

  /// The numbers of some values, by their place in row-major order.
  /// - Precondition: the range lies within `0 ..< count`.
  public func numbers(in range: Range<Int>) throws(WeightClientError) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "values lie in 0..<\(count)")
    guard !range.isEmpty else { return [] }
    let size = groupSize
    let scales = try floats(scales, range)
    let first = range.lowerBound / size
    if let zeros {
      let zeros = try floats(zeros, range)
      return try values.withSpan(of: UInt8.self) { span in
        range.map { index in
          let value = index % 2 == 0 ? span[index / 2] & 15 : span[index / 2] >> 4
          return Float(value) * scales[index / size - first] + zeros[index / size - first]
        }
      }
    }
    return try values.withSpan(of: Int8.self) { span in range.map { Float(span[$0]) * scales[$0 / size - first] } }
  }

  /// What belongs to the groups of some values.
  private func floats(_ tensor: TensorView, _ range: Range<Int>) throws(WeightClientError) -> [Float] {
    try tensor.withSpan(of: Float.self) { span in
      (range.lowerBound / groupSize...(range.upperBound - 1) / groupSize).map { span[$0] }
    }
  }
}

extension StateDict {
  /// A quantized tensor, with what stands beside it.
  /// - Throws: `not_found` where there is no such tensor; `failed_precondition` where it has no scales.
  public func quantized(_ name: String) throws(WeightClientError) -> QuantizedTensorView {
    guard let tensor = self[name] else {
      throw WeightClientError(.local, .notFound, "the state dict has no tensor \(name.escaped)")
    }
    guard let scales = self[name + ".scale"] else {
      throw WeightClientError(
        .local, .failedPrecondition, "tensor \(name.escaped) is not quantized: there is no \(name.escaped).scale")
    }
    return try QuantizedTensorView(tensor, scales: scales, zeros: self[name + ".zero"])
  }
}
