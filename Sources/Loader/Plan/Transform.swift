/// A tensor's bytes as they are computed from the numbers that the source has: what is done, and to what.
public struct Transform: Sendable, Hashable {
  /// What is done.
  public let operation: Operation
  /// The bytes of the tensor as the rank holds it in the source's type.
  public let input: SegmentList
  /// A number that the transforms of one tensor share: its values, and the scales that they are quantized by.
  let tensor: Int

  /// What is done to numbers.
  public enum Operation: Sendable, Hashable {
    /// Each becomes the nearest of another type.
    case cast(from: DType, to: DType)
    /// They are quantized by groups; this is one of the tensors that come of it.
    case quantize(GroupQuantization, GroupQuantization.Part)
  }

  /// Bytes that the operation makes.
  public var count: Int {
    switch operation {
    case .cast(let from, let to): input.count / (from.byteSize ?? 1) * (to.byteSize ?? 1)
    case .quantize(let quantization, let part): quantization.byteCount(of: part)
    }
  }

  /// Bytes of the source that have to be looked at for each byte that is made, at least one.
  var workPerByte: Int { max(input.count / max(count, 1), 1) }
}

extension Transform: CustomStringConvertible {
  /// What is done, in words: `cast BF16 to F32`, `int8 scales, 64 groups of 48`.
  public var description: String {
    switch operation {
    case .cast(let from, let to): "cast \(from.rawValue) to \(to.rawValue)"
    case .quantize(let quantization, let part): "\(quantization.scheme.rawValue) \(part.rawValue), \(quantization)"
    }
  }
}
