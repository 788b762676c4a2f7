/// A whole tensor of the model, put together from what the source's ranks hold of it.
public struct LogicalTensor: Sendable, Hashable {
  /// Its name in the source, below the module key.
  public let name: String
  /// The element's type.
  public let dtype: DType
  /// The extents of the whole tensor.
  public let shape: [Int]
  /// What it is to the model.
  public let role: Role
  /// The transformer layer it belongs to, from 0; nil for embeddings, heads and final norms.
  public var layer: Int?
  /// The expert it belongs to, from 0; nil where it is of none or of all.
  public var expert: Int?
  /// Whether it comes before the layers (embeddings) or behind them (final norm, head); meaningless for a layer's tensor.
  public var isBeforeLayers = true
  /// The blocks that tile it, in no particular order.
  let boxes: [Box]
  /// The copy of each source rank, of a tensor that every rank holds whole but whose copies are not known to be equal.
  var replicas: [Box] = []

  /// What it was made of, where its name is not the source's.
  public var origin: Origin?

  /// The source's tensor that a mapped one was made of, and how.
  public struct Origin: Sendable, Hashable {
    /// The name in the source.
    public let source: String
    /// What was done, in words.
    public let operation: String
  }

  /// The blocks that a target rank's share comes from.
  ///
  /// Where the source's ranks hold copies of their own, a rank takes the copy of the source rank whose share it has: its own at
  /// the source's degree, as DeepSpeed does.
  func boxes(rank: Int, mp: Int) -> [Box] {
    replicas.isEmpty ? boxes : [replicas[rank * replicas.count / mp]]
  }

  /// Bytes of the whole tensor.
  public var byteCount: Int { dtype.byteCount(shape: shape) ?? 0 }

  /// The files that hold its bytes.
  public var files: [Int] { Array(Set(boxes.compactMap(\.file))).sorted() }
}
