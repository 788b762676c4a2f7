/// The order of the rows of a fused projection, or of the tensors that it was taken apart into.
///
/// A row is a position of the output axis. Every order is told by where it keeps the rows of each part (queries, keys and values; gate
/// and up), counted as a model's mathematics counts them: head by head, a head's rotary pairs as halves. Two orders of the same parts
/// so give the way from either to the other.
public enum RowOrder: Sendable, Hashable {
  /// One part, as it is.
  case single
  /// All queries, all keys, all values, in one tensor: Megatron version 0, GPT-2.
  case qkvBlocks
  /// A query, a key and a value a head, in one tensor (`[heads, 3, head_dim]`): Megatron 2.0, GPT-NeoX, BLOOM.
  case qkvHeads
  /// The three of each row in turn, in one tensor (`[heads, head_dim, 3]`): Megatron 1.0.
  case qkvRows
  /// A group's queries, its key, its value, in one tensor: Megatron-Core.
  case qkvGroups
  /// Three tensors.
  case qkvApart
  /// Gate, then up, in one tensor: Megatron's SwiGLU.
  case gateUp
  /// Up, then gate, in one tensor: DeepSpeed's injected MLP.
  case upGate
  /// Two tensors, gate and up.
  case gateUpApart

  /// Tensors that the rows lie in.
  var tensorCount: Int {
    switch self {
    case .qkvApart: 3
    case .gateUpApart: 2
    default: 1
    }
  }

  /// Rows of a part that lie at a regular distance in a tensor.
  struct Stretch: Hashable {
    /// Which part: queries 0, keys 1, values 2; gate 0, up 1.
    let part: Int
    /// The first of the part's rows.
    let partStart: Int
    /// How many.
    let count: Int
    /// Which of the order's tensors.
    let tensor: Int
    /// Where the first lies in it.
    let start: Int
    /// From one to the next.
    var step = 1
  }

  /// What the order of a fused attention depends on.
  struct Numbers: Hashable {
    /// Heads of the queries.
    let heads: Int
    /// Heads of the keys, and of the values.
    let keyValueHeads: Int
    /// Rows of a head.
    let headRows: Int
    /// Rows of a head whose rotary pairs lie side by side instead of as halves.
    var interleavedRows = 0
  }

  /// Whether its parts are queries, keys and values.
  var isAttention: Bool {
    switch self {
    case .qkvBlocks, .qkvHeads, .qkvRows, .qkvGroups, .qkvApart: true
    case .single, .gateUp, .upGate, .gateUpApart: false
    }
  }

  /// Whether the order cannot be told without the number of heads.
  var needsHeads: Bool { self == .qkvHeads || self == .qkvGroups }

  /// Where the rows of attention's parts lie.
  func attention(_ numbers: Numbers) -> [Stretch] {
    let head = numbers.headRows
    let queries = numbers.heads * head
    let pairs = numbers.keyValueHeads * head
    switch self {
    case .qkvBlocks:
      return [
        Stretch(part: 0, partStart: 0, count: queries, tensor: 0, start: 0),
        Stretch(part: 1, partStart: 0, count: pairs, tensor: 0, start: queries),
        Stretch(part: 2, partStart: 0, count: pairs, tensor: 0, start: queries + pairs),
      ]
    case .qkvRows:
      return (0..<3).map { Stretch(part: $0, partStart: 0, count: queries, tensor: 0, start: $0, step: 3) }
    case .qkvHeads, .qkvGroups:
      let inGroup = numbers.heads / max(numbers.keyValueHeads, 1)
      return (0..<numbers.keyValueHeads).flatMap { group in
        let start = group * (inGroup + 2) * head
        return [
          Stretch(part: 0, partStart: group * inGroup * head, count: inGroup * head, tensor: 0, start: start),
          Stretch(part: 1, partStart: group * head, count: head, tensor: 0, start: start + inGroup * head),
          Stretch(part: 2, partStart: group * head, count: head, tensor: 0, start: start + (inGroup + 1) * head),
        ]
      }
    case .qkvApart:
      return [queries, pairs, pairs].enumerated().map {
        Stretch(part: $0, partStart: 0, count: $1, tensor: $0, start: 0)
      }
    case .single, .gateUp, .upGate, .gateUpApart:
      return []
    }
  }

  /// Where the rows of one part, or of gate and up, lie, of `rows` rows in all.
  func projection(rows: Int) -> [Stretch] {
    switch self {
    case .gateUp, .upGate:
      return [0, 1].map { part in
        let isSecond = (part == 1) == (self == .gateUp)
        return Stretch(part: part, partStart: 0, count: rows / 2, tensor: 0, start: isSecond ? rows / 2 : 0)
      }
    case .gateUpApart:
      return [0, 1].map { Stretch(part: $0, partStart: 0, count: rows / 2, tensor: $0, start: 0) }
    default:
      return [Stretch(part: 0, partStart: 0, count: rows, tensor: 0, start: 0)]
    }
  }
}

extension [RowOrder.Stretch] {
  /// The same order, where the first rows of every query's and key's head lie as rotary pairs side by side.
  ///
  /// Source: NVIDIA/Megatron-LM `megatron/core/models/common/embeddings/rope_utils.py`, `_rotate_half`: `rotary_interleaved` turns rows 2i
  /// and 2i + 1 of a head, without it rows i and i + half, as transformers' `rotate_half` does.
  func interleaved(_ numbers: RowOrder.Numbers) -> [RowOrder.Stretch] {
    guard numbers.interleavedRows > 0 else { return self }
    let half = numbers.interleavedRows / 2
    return flatMap { stretch -> [RowOrder.Stretch] in
      guard stretch.part < 2, stretch.count % numbers.headRows == 0 else { return [stretch] }
      return (0..<stretch.count / numbers.headRows).flatMap { head in
        let first = head * numbers.headRows
        let parts = [(0, half, 0, 2), (half, half, 1, 2), (2 * half, numbers.headRows - 2 * half, 2 * half, 1)]
        return parts.filter { $0.1 > 0 }.map { offset, count, row, step in
          RowOrder.Stretch(
            part: stretch.part, partStart: stretch.partStart + first + offset, count: count, tensor: stretch.tensor,
            start: stretch.start + (first + row) * stretch.step, step: step * stretch.step)
        }
      }
    }
  }
}
