/// The layers of a DeepSpeed pipeline, each saved as its own state dict, and what their tensors are called in the whole.
///
/// Source: DeepSpeed `runtime/pipe/module.py`: a layer's tensors begin with its number in `PipelineModule`'s own state dict, and a
/// tied layer is saved wherever it stands. A Megatron-DeepSpeed model (`megatron/model/gpt_model.py`, `GPTModelPipe`) is the
/// embedding, layers, a norm and a tied head, which get Megatron's names, as `checkpoint/deepspeed_checkpoint.py` tells them apart.
struct PipelineLayers {
  private struct Layer {
    let index: Int
    let tensors: [NamedTensor]
    var names: [String] { tensors.map(\.name) }
  }

  private var layers: [Layer] = []

  /// Adds a layer, in the order of their numbers.
  mutating func add(_ tensors: [NamedTensor], at index: Int) {
    layers.append(Layer(index: index, tensors: tensors))
  }

  /// The names of tensors that only a Megatron layer has.
  private static let block = NamePattern("{self_attention,attention}.{query_key_value,query,dense}.weight")

  private static func isBlock(_ layer: Layer) -> Bool { layer.names.contains { block?.match($0) != nil } }

  /// All tensors under names of the whole model.
  func tensors() -> [NamedTensor] {
    guard layers.contains(where: PipelineLayers.isBlock) else {
      return layers.flatMap { layer in
        layer.tensors.map { NamedTensor(name: "\(layer.index).\($0.name)", tensor: $0.tensor) }
      }
    }
    return megatronTensors()
  }

  private func megatronTensors() -> [NamedTensor] {
    var result: [NamedTensor] = []
    var known: Set<String> = []
    var blocks = 0
    for layer in layers {
      let isBlock = PipelineLayers.isBlock(layer)
      let isNorm = Set(layer.names).isSubset(of: ["weight", "bias"])
      for named in layer.tensors {
        let name = isBlock ? "layers.\(blocks)." : isNorm ? "final_layernorm." : ""
        // What stands again is the tied copy that the head has of the embedding.
        guard known.insert(name + named.name).inserted else { continue }
        result.append(NamedTensor(name: name + named.name, tensor: named.tensor))
      }
      blocks += isBlock ? 1 : 0
    }
    return result
  }
}
