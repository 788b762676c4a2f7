internal import Loader

extension TensorView {
  /// The numbers that quantized values stand for: I8 times its group's scale; two values of a byte of U8, the low nibble first,
  /// times their group's scale, plus its zero.
  ///
  /// Groups are of consecutive values, as many as there are scales, all of one size.
  /// - Parameters:
  ///   - scale: the tensor `X.scale` beside this one.
  ///   - zero: the tensor `X.zero` beside it, for U8.
  /// - Throws: `invalid_argument` where the three do not belong together.
  public func dequantized(scale: TensorView, zero: TensorView? = nil) throws(WeightClientError) -> [Float] {
    let scales = try scale.floats()
    let isPacked = dtype == .u8
    let (total, overflow) = count.multipliedReportingOverflow(by: isPacked ? 2 : 1)
    let zeros = try zero?.floats()
    guard dtype == .i8 || isPacked, isPacked == (zeros != nil), zeros.map(\.count) ?? scales.count == scales.count,
      !overflow, scales.isEmpty ? total == 0 : total % scales.count == 0
    else {
      throw WeightClientError(
        .request, .invalidArgument,
        "tensor \(name.escaped) (\(dtype.rawValue), \(count)) is not quantized with \(scales.count) scales and"
          + " \(zeros?.count ?? 0) zeros")
    }
    guard !scales.isEmpty else { return [] }
    let size = total / scales.count
    if let zeros {
      return try withSpan(of: UInt8.self) { span in
        (0..<total).map { index in
          let value = index % 2 == 0 ? span[index / 2] & 15 : span[index / 2] >> 4
          return Float(value) * scales[index / size] + zeros[index / size]
        }
      }
    }
    return try withSpan(of: Int8.self) { span in (0..<total).map { Float(span[$0]) * scales[$0 / size] } }
  }

  private func floats() throws(WeightClientError) -> [Float] {
    try withSpan(of: Float.self) { span in span.indices.map { span[$0] } }
  }
}

extension StateDict {
  /// The numbers that a quantized tensor stands for, by what stands beside it and in `__metadata__`.
  /// - Throws: `not_found` where there is no such tensor; `failed_precondition` where it has no scales.
  public func dequantized(_ name: String) throws(WeightClientError) -> DequantizedTensor {
    guard let tensor = self[name] else {
      throw WeightClientError(.local, .notFound, "the state dict has no tensor \(name.escaped)")
    }
    guard let scale = self[name + ".scale"] else {
      throw WeightClientError(
        .local, .failedPrecondition, "tensor \(name.escaped) is not quantized: there is no \(name.escaped).scale")
    }
    let values = try tensor.dequantized(scale: scale, zero: self[name + ".zero"])
    var shape = tensor.shape
    if tensor.dtype == .u8, let last = shape.popLast() { shape.append(last * 2) }
    return DequantizedTensor(shape: shape, values: values)
  }
}
