/// Tensors that hold all layers of a kind, stacked along axis 0, taken apart.
enum LayerStack {
  /// Each stacked tensor (`decoder.layers.mlp…`) as one a layer (`decoder.layers.0.mlp…`); others as they are. Layers come in order.
  static func unstacked(_ tensors: [WholeTensor]) -> [WholeTensor] {
    var result: [WholeTensor] = []
    var position = 0
    while position < tensors.count {
      let run = tensors[position...].prefix { parts(of: $0.name) != nil && !$0.shape.isEmpty }
      if run.isEmpty {
        result.append(tensors[position])
        position += 1
        continue
      }
      let layers = run.map { $0.shape[0] }.max() ?? 0
      for layer in 0..<layers {
        for tensor in run where layer < tensor.shape[0] {
          if let single = single(tensor, layer: layer) { result.append(single) }
        }
      }
      position += run.count
    }
    return result
  }

  /// What stands before and behind the place of a layer's number; nil where the name has no such place.
  private static func parts(of name: String) -> (before: Substring, behind: Substring)? {
    let marker = "layers."
    guard let range = name.firstRange(of: marker) else { return nil }
    let behind = name[range.upperBound...]
    guard let first = behind.first, !first.isNumber else { return nil }
    return (name[..<range.upperBound], behind)
  }

  private static func single(_ tensor: WholeTensor, layer: Int) -> WholeTensor? {
    guard let (before, behind) = parts(of: tensor.name) else { return nil }
    let boxes = tensor.boxes.compactMap { box -> Box? in
      guard var single = box.clipped(axis: 0, to: layer..<layer + 1) else { return nil }
      single.origin.removeFirst()
      single.shape.removeFirst()
      single.strides.removeFirst()
      return single
    }
    return WholeTensor(
      name: "\(before)\(layer).\(behind)", dtype: tensor.dtype, shape: Array(tensor.shape.dropFirst()), boxes: boxes)
  }
}
