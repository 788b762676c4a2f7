/// Gate and up of a gated MLP that were saved as two tensors, put together as the fused one that the model has.
///
/// Source: NVIDIA/Megatron-LM `megatron/core/transformer/mlp.py`, `apply_swiglu_sharded_factory`: keys end in `_w` (gate) and `_v` (up).
enum GateAndUp {
  /// The tensors with each pair joined along the output axis.
  static func joined(_ tensors: [WholeTensor]) -> [WholeTensor] {
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    return tensors.compactMap { tensor in
      let stem = String(tensor.name.dropLast(2))
      if tensor.name.hasSuffix("_v"), byName[stem + "_w"] != nil { return nil }
      guard tensor.name.hasSuffix("_w"), let up = byName[stem + "_v"], let axis = outputAxis(tensor, up) else {
        return tensor
      }
      var shape = tensor.shape
      shape[axis] += up.shape[axis]
      let moved = up.boxes.map { box in
        var box = box
        box.origin[axis] += tensor.shape[axis]
        return box
      }
      return WholeTensor(name: stem, dtype: tensor.dtype, shape: shape, boxes: tensor.boxes + moved)
    }
  }

  /// The last axis but one of matrices, the last of vectors; nil where the two cannot be joined.
  private static func outputAxis(_ gate: WholeTensor, _ up: WholeTensor) -> Int? {
    let isMatrix = gate.name.hasSuffix("weight_w")
    let axis = gate.shape.count - (isMatrix ? 2 : 1)
    guard axis >= 0, gate.dtype == up.dtype, gate.shape.count == up.shape.count else { return nil }
    let agree = gate.shape.indices.allSatisfy { $0 == axis || gate.shape[$0] == up.shape[$0] }
    return agree ? axis : nil
  }
}
