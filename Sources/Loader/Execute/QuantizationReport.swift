/// What the quantization of a partition costs: for each quantized tensor, how far its values are from the source's.
///
/// To know it, every weight that is quantized is read; memory does not grow with them.
public struct QuantizationReport: Sendable, Hashable {
  /// The quantized tensors, in the body's order.
  public let rows: [Row]

  /// One quantized tensor.
  public struct Row: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// How it was quantized.
    public let scheme: TensorScheme
    /// The largest distance of a value from the source's; NaN or infinite where the source has a number that is not finite.
    public let maximumError: Double
    /// The mean of the squares of all distances.
    public let meanSquaredError: Double
  }

  /// Reads the weights of a partition that are quantized, and compares.
  public init(_ body: PartitionBody) throws(LoaderError) {
    var rows: [Row] = []
    for tensor in body.plan.tensors {
      guard let index = tensor.segments.first, case .transform(let transform) = body.plan.segments[index].content,
        case .quantize(let quantization, .values) = transform.operation
      else { continue }
      let numbers = try FloatReader(body.reader, transform.input, quantization.dtype)
      var execution = try QuantizationExecution(quantization, numbers, tensor: transform.tensor)
      let (greatest, sum) = try execution.error()
      try body.sources.checkUnchanged(execution.numbers.files)
      rows.append(
        Row(
          name: tensor.name, scheme: tensor.scheme, maximumError: greatest,
          meanSquaredError: sum / Double(quantization.count)))
    }
    self.rows = rows
  }
}
