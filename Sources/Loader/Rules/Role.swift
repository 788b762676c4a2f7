/// What a tensor is to its model: the word that a family's table gives a name, from which its rule follows once the shape and
/// the model's geometry are known.
public indirect enum Role: Sendable, Hashable {
  /// Held whole by every rank: norms, position embeddings, routers, row-parallel biases.
  case replicated
  /// Column parallel: the output axis (0 of `[out, in]`), plain positions.
  case column
  /// Row parallel: the input axis (1 of `[out, in]`); a vector is held whole.
  case row
  /// Column parallel in `[in, out]` storage (GPT-2's Conv1D, DeepSpeed's injected matrices): the last axis.
  case columnTransposed
  /// Row parallel in `[in, out]` storage: axis 0 of a matrix; a vector is held whole.
  case rowTransposed
  /// Rows are the vocabulary, padded with zeros where they do not divide.
  case vocabulary
  /// Rows are whole heads of the queries.
  case queryHeads
  /// Rows are whole heads of the keys or values; with fewer heads than ranks, each head goes whole to several.
  case keyValueHeads
  /// Rows are whole heads of the queries with that many rows each, other than the geometry's: DeepSeek's latent attention. Nil
  /// where nothing says how many.
  case heads(rows: Int?)
  /// Queries, keys and values fused along an axis, in one of the known orders.
  case fusedQKV(FusedOrder, FusedAxis = .first)
  /// Equal parts, one after the other, each column parallel: gate and up.
  case fusedColumns(Int, FusedAxis = .first)
  /// Axis 0 counts experts; the rest is dealt as the inner role says of one expert.
  case stackedExperts(Role)
  /// The inner role, of a weight whose blocks share a scale: it is cut between blocks only.
  case blockwise(Role, WeightBlock)
  /// The scales of a row-parallel weight, a column for each piece that was quantized by itself: a rank holds those of its pieces, and
  /// more ranks than pieces share a column.
  case inputScales
  /// The scales of such a weight, of that shape: they are dealt with their blocks.
  case blockScales(Role, WeightBlock, of: [Int])

  /// The axis on which parts are fused.
  public enum FusedAxis: Sendable, Hashable {
    /// Axis 0: the output axis of `[out, in]`, or a bias.
    case first
    /// The last axis: the output axis of `[in, out]`, or a bias.
    case last
  }

  /// The order of queries, keys and values along the axis on which they are fused.
  public enum FusedOrder: Sendable, Hashable {
    /// All queries, all keys, all values: Megatron version 0, GPT-2, Phi-3; keys and values with heads of their own.
    case blocks
    /// A head's rows stay together: Megatron 1.0 (`[np, hn, 3]`) and 2.0 (`[np, 3, hn]`), BLOOM, GPT-NeoX.
    case heads
    /// A group's queries, then its key, then its value; above one rank a group, ranks hold their piece of its queries and all
    /// of its key and value: Falcon's new decoder architecture.
    case groups
    /// The same order; above one rank a group, plain rows: Megatron-Core.
    case groupsThenRows
    /// All queries, then one key and one value that every rank holds: Falcon's multi-query attention.
    case multiQuery
  }

  /// Whether axis 0 counts experts.
  var countsExperts: Bool {
    switch self {
    case .stackedExperts: true
    case .blockwise(let inner, _), .blockScales(let inner, _, _): inner.countsExperts
    default: false
    }
  }
}
