/// Hugging Face's tensors of a model by moving elements one by one, as numpy's `reshape`, `transpose` and `concatenate` would: what the
/// mapping by blocks and strides is compared with, and shares no code.
struct NaiveHuggingFace {
  let heads: Int
  let groups: Int
  let headRows: Int
  /// Rows of a head whose rotary pairs lie side by side.
  var interleavedRows = 0

  private var inGroup: Int { heads / groups }

  // MARK: The orders of a fused attention, as queries, keys and values

  /// `[3, heads, rows]`.
  func apartFromBlocks(_ fused: ElementArray) -> [ElementArray] {
    let query = heads * headRows
    let pair = groups * headRows
    return [0..<query, query..<query + pair, query + pair..<query + 2 * pair].map { fused.rows(Array($0)) }
  }

  /// `[heads, 3, rows]`.
  func apartFromHeads(_ fused: ElementArray) -> [ElementArray] {
    (0..<3).map { part in
      fused.rows((0..<heads).flatMap { head in (0..<headRows).map { (head * 3 + part) * headRows + $0 } })
    }
  }

  /// `[heads, rows, 3]`.
  func apartFromRows(_ fused: ElementArray) -> [ElementArray] {
    (0..<3).map { part in fused.rows((0..<heads * headRows).map { $0 * 3 + part }) }
  }

  /// `[groups, heads / groups + 2, rows]`.
  func apartFromGroups(_ fused: ElementArray) -> [ElementArray] {
    let slots = inGroup + 2
    return [Array(0..<inGroup), [inGroup], [inGroup + 1]].map { wanted in
      fused.rows(
        (0..<groups).flatMap { group in
          wanted.flatMap { slot in (0..<headRows).map { (group * slots + slot) * headRows + $0 } }
        })
    }
  }

  /// Queries, keys and values head by head in one.
  func headByHead(_ parts: [ElementArray]) -> ElementArray {
    ElementArray.joined(
      (0..<heads).flatMap { head in
        parts.map { $0.rows((0..<headRows).map { head * headRows + $0 }) }
      })
  }

  /// Rows 0, 2, 4 … of a head's rotary part, then 1, 3, 5 …, then the rest.
  func halves(_ part: ElementArray) -> ElementArray {
    let half = interleavedRows / 2
    return part.rows(
      (0..<part.shape[0] / headRows).flatMap { head in
        (0..<headRows).map { row in
          let place = row >= interleavedRows ? row : row < half ? 2 * row : 2 * (row - half) + 1
          return head * headRows + place
        }
      })
  }

  // MARK: What a rank holds

  /// A rank's share of a whole tensor of a Hugging Face checkpoint, by its name.
  func share(_ name: String, _ whole: ElementArray, rank: Int, mp: Int) -> ElementArray {
    let parts = name.split(separator: ".").map(String.init)
    let isBias = parts.last == "bias"
    switch parts.dropLast().last ?? "" {
    case "wte", "embed_tokens", "embed_in", "word_embeddings", "lm_head", "embed_out":
      return padded(whole, mp: mp).chunk(rank, of: mp, axis: 0)
    case "c_attn":
      let axis = isBias ? 0 : 1
      let thirds = (0..<3).map { whole.chunk($0, of: 3, axis: axis).chunk(rank, of: mp, axis: axis) }
      return ElementArray.joined(thirds, axis: axis)
    case "c_fc": return whole.chunk(rank, of: mp, axis: isBias ? 0 : 1)
    case "c_proj": return isBias ? whole : whole.chunk(rank, of: mp, axis: 0)
    case "k_proj", "v_proj":
      if mp <= groups { return whole.chunk(rank, of: mp, axis: 0) }
      return whole.chunk(rank / (mp / groups), of: groups, axis: 0)
    case "q_proj", "query_key_value", "gate_proj", "up_proj", "fc1", "dense_h_to_4h", "w1", "w3":
      return whole.chunk(rank, of: mp, axis: 0)
    case "o_proj", "out_proj", "dense", "down_proj", "fc2", "dense_4h_to_h", "w2":
      return isBias ? whole : whole.chunk(rank, of: mp, axis: 1)
    default: return whole
    }
  }

  private func padded(_ whole: ElementArray, mp: Int) -> ElementArray {
    var rows = (0..<whole.shape[0]).map { Int?.some($0) }
    while rows.count % mp != 0 { rows.append(nil) }
    return whole.taking(rows, axis: 0)
  }
}

extension ElementArray {
  /// Rows of axis 0, in an order.
  func rows(_ indices: [Int]) -> ElementArray { taking(indices.map { Int?.some($0) }, axis: 0) }

  /// One of equal pieces along an axis.
  func chunk(_ index: Int, of count: Int, axis: Int) -> ElementArray {
    let length = shape[axis] / count
    return taking((index * length..<(index + 1) * length).map { Int?.some($0) }, axis: axis)
  }

  /// A matrix with its axes exchanged; a vector as it is.
  var transposed: ElementArray {
    guard shape.count == 2 else { return self }
    var exchanged: [[UInt8]] = []
    for column in 0..<shape[1] { for row in 0..<shape[0] { exchanged.append(elements[row * shape[1] + column]) } }
    return ElementArray(shape: [shape[1], shape[0]], elements: exchanged)
  }

  /// Tensors one after the other along an axis.
  static func joined(_ parts: [ElementArray], axis: Int = 0) -> ElementArray {
    if axis == 1 { return joined(parts.map(\.transposed)).transposed }
    var shape = parts[0].shape
    shape[0] = parts.reduce(0) { $0 + $1.shape[0] }
    return ElementArray(shape: shape, elements: parts.flatMap(\.elements))
  }
}
