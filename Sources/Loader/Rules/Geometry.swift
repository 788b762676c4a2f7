/// The numbers of a model that rules depend on, from `config.json`, a training script's `args`, or the manifest.
public struct Geometry: Sendable, Hashable {
  /// Attention heads of the queries; nil where nothing says.
  public var heads: Int?
  /// Heads of the keys and values (query groups); nil where there are as many as of the queries.
  public var keyValueHeads: Int?
  /// Rows of a head.
  public var headDimension: Int?
  /// Rows of a head of latent attention's keys and values together, positions apart; nil for any other attention.
  public var latentValueRows: Int?
  /// Width of the residual stream.
  public var hiddenSize: Int?
  /// Layers of the transformer.
  public var layers: Int?
  /// True rows of the vocabulary.
  public var vocabularySize: Int?
  /// Whether gate and up are fused in one tensor (`swiglu`).
  public var isGated = false
  /// Experts of a mixture.
  public var experts: Int?
  /// Multiple to which vocabulary rows are padded, times mp.
  public var vocabularyMultiple = 1

  /// A geometry of which nothing is known.
  public init() {}

  /// Heads of the keys and values, where the number of heads is known.
  public var keyValueHeadCount: Int? { keyValueHeads ?? heads }
}
