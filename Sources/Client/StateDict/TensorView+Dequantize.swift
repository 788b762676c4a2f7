extension TensorView {
  /// The numbers that quantized values stand for; `QuantizedTensorView` says how.
  /// - Parameters:
  ///   - scale: the tensor `X.scale` beside this one.
  ///   - zero: the tensor `X.zero` beside it, for U8.
  /// - Throws: `invalid_argument` where the three do not belong together.
  public func dequantized(scale: TensorView, zero: TensorView? = nil) throws(WeightClientError) -> [Float] {
    let view = try QuantizedTensorView(self, scales: scale, zeros: zero)
    return try view.numbers(in: 0..<view.count)
  }
}

extension StateDict {
  /// The numbers that a quantized tensor stands for, by what stands beside it.
  /// - Throws: `not_found` where there is no such tensor; `failed_precondition` where it has no scales.
  public func dequantized(_ name: String) throws(WeightClientError) -> DequantizedTensor {
    let view = try quantized(name)
    return DequantizedTensor(shape: view.shape, values: try view.numbers(in: 0..<view.count))
  }
}
