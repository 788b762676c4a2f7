/// Which partition of a checkpoint is meant: the parameters of `/shard`, `/tensor` and `/plan`, checked one by one.
public struct PartitionParameters: Sendable, Hashable {
  /// The degree of tensor parallelism.
  public var mp: Int
  /// The worker's index in it.
  public var rank: Int
  /// Whose tensor names and layouts.
  public var names: Names = .source
  /// The element type that floating-point tensors are cast to; nil leaves them as they are.
  public var dtype: DType?
  /// How linear weights are quantized.
  public var quantization: Quantization = .none
  /// Groups of each quantized tensor; nil for the default.
  public var groups: Int?
  /// Values of each group, in place of a number of groups; nil for the default.
  public var groupSize: Int?
  /// Whether the groups of a matrix that DeepSpeed's test of shapes takes for an MLP's double.
  public var hasExtraGrouping = false
  /// Only the layers of one pipeline stage.
  public var stage: Part?
  /// Only some experts, whole.
  public var experts: Part?
  /// Whether embeddings are split by vocabulary.
  public var embeddings: Embeddings = .automatic
  /// Vocabulary rows are padded to a multiple of this, times mp.
  public var vocabularyMultiple = 1
  /// Vocabulary rows that count; rows beyond are dropped.
  public var vocabularySize: Int?
  /// Patterns of names, one of which a tensor must match; empty for all tensors.
  public var tensors: [String] = []

  /// Whose names.
  public enum Names: String, Sendable, CaseIterable {
    /// As the files have them.
    case source
    /// As Hugging Face's checkpoint of the model has them.
    case huggingFace = "hf"
  }

  /// How linear weights are quantized.
  public enum Quantization: String, Sendable, CaseIterable {
    /// Not at all.
    case none
    /// Symmetric, a scale per group.
    case int8
    /// Asymmetric, two values a byte.
    case int4
  }

  /// What becomes of embeddings.
  public enum Embeddings: String, Sendable, CaseIterable {
    /// As the source's framework does.
    case automatic = "auto"
    /// Split by vocabulary.
    case split
    /// Whole on every rank.
    case whole
  }

  /// One part of several: a pipeline stage of `count`, or an expert-parallel rank of `count`.
  public struct Part: Sendable, Hashable {
    /// Which, from 0.
    public let index: Int
    /// Of how many.
    public let count: Int
  }

  /// Ranks that a degree may have.
  public static let mpLimit = 1024

  /// The partition of a rank with every other parameter at its default.
  public init(rank: Int, mp: Int) {
    self.rank = rank
    self.mp = mp
  }

  /// The parameters in an order and a spelling of their own, those at their default left out: equal texts, equal partitions.
  public var canonical: String {
    var fields = ["rank=\(rank)", "mp=\(mp)"]
    if names != .source { fields.append("names=\(names.rawValue)") }
    if let dtype { fields.append("dtype=\(dtype.rawValue)") }
    if quantization != .none { fields.append("quantize=\(quantization.rawValue)") }
    if quantization != .none { fields.append(contentsOf: grouping.canonical(for: quantization)) }
    if let stage { fields.append("pp=\(stage.count)&pp_rank=\(stage.index)") }
    if let experts { fields.append("ep=\(experts.count)&ep_rank=\(experts.index)") }
    if embeddings != .automatic { fields.append("embeddings=\(embeddings.rawValue)") }
    if vocabularyMultiple != 1 { fields.append("vocab_multiple=\(vocabularyMultiple)") }
    if let vocabularySize { fields.append("vocab_size=\(vocabularySize)") }
    if !tensors.isEmpty { fields.append("tensors=\(tensors.joined(separator: ","))") }
    return fields.joined(separator: "&")
  }
}
