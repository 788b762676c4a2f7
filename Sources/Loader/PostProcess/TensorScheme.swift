/// How the values of a partition's tensor are made from the source's: what `/plan` says of each.
public struct TensorScheme: Sendable, Hashable {
  /// `native`, `cast`, `int8`, `int4`, or what stands beside a quantized tensor: `scale`, `zero`.
  public let name: String
  /// The type in the source, where it is another.
  public let from: DType?
  /// Groups of a quantized tensor.
  public let groups: Int?
  /// Numbers of each of them.
  public let groupSize: Int?
  /// The tensor beside which it stands.
  public let of: String?

  init(_ name: String, from: DType? = nil, groups: Int? = nil, groupSize: Int? = nil, of: String? = nil) {
    self.name = name
    self.from = from
    self.groups = groups
    self.groupSize = groupSize
    self.of = of
  }

  /// The source's bytes.
  static let native = TensorScheme("native")

  /// A quantized tensor.
  static func quantized(_ quantization: GroupQuantization) -> TensorScheme {
    TensorScheme(
      quantization.scheme.rawValue, from: quantization.dtype, groups: quantization.groups,
      groupSize: quantization.groupSize)
  }
}

extension TensorScheme: CustomStringConvertible {
  /// The scheme as `inspect` prints it: `native`, `cast from BF16`, `int8 from F16, 64 groups of 48`, `scale`.
  public var description: String {
    var text = name
    if let from { text += " from \(from.rawValue)" }
    if let groups, let groupSize { text += ", \(groups) groups of \(groupSize)" }
    return text
  }
}
