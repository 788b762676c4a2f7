/// The numbers that a quantized tensor stands for.
public struct DequantizedTensor: Sendable, Hashable {
  /// Extents, outermost axis first: those that the tensor had before it was quantized.
  public let shape: [Int]
  /// The numbers, in row-major order.
  public let values: [Float]
}
