public import Loader

/// What a partition would be: read from its plan, before any weight is.
public struct PartitionPlanSummary: Sendable, Hashable {
  /// One tensor of the partition.
  public struct Tensor: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// Extents, outermost axis first.
    public let shape: [Int]
    /// Its bytes in the partition, from the start of the safetensors file.
    public let byteRange: Range<Int>
  }

  /// The manifest's name.
  public let model: String?
  /// The revision that the plan is of.
  public let revision: String?
  /// Bytes of the whole partition, its header among them.
  public let byteCount: Int
  /// The tensors, in the order in which they stand in the partition.
  public let tensors: [Tensor]

  /// The answer of `GET /plan`.
  init(parsing bytes: [UInt8]) throws(WeightClientError) {
    let decoder = try AnswerDecoder(parsing: bytes, subject: "/plan")
    model = decoder.member("model")?.label()
    revision = try decoder.member("revision")?.text()
    byteCount = try decoder.required("bytes").count()
    var tensors: [Tensor] = []
    for element in try decoder.required("tensors").elements() {
      tensors.append(try Tensor(element, within: byteCount))
    }
    self.tensors = tensors
  }
}

extension PartitionPlanSummary.Tensor {
  init(_ decoder: AnswerDecoder, within byteCount: Int) throws(WeightClientError) {
    let text = try decoder.required("dtype").text()
    guard let dtype = DType(rawValue: text) else { throw decoder.failure("the unknown dtype \(text.escaped)") }
    let ends = try decoder.required("range").counts()
    guard ends.count == 2, ends[0] <= ends[1], ends[1] <= byteCount else {
      throw decoder.failure("a range that is not [begin, end] within the partition")
    }
    name = try decoder.required("name").text()
    self.dtype = dtype
    shape = try decoder.required("shape").counts()
    byteRange = ends[0]..<ends[1]
  }
}
