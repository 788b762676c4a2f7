import TestSupport

@testable import Loader

/// Writes safetensors files of tensors that are zeros: for what only metadata decides.
enum SafetensorsWriter {
  /// The bytes of a file of tensors, in their order.
  static func bytes(_ tensors: [(name: String, dtype: DType, shape: [Int])]) -> [UInt8] {
    var header = BodyHeader(metadata: [])
    var end = 0
    for tensor in tensors {
      let count = tensor.dtype.byteCount(shape: tensor.shape) ?? 0
      header.tensors.append(
        .init(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, range: end..<end + count))
      end += count
    }
    return header.bytes + Array(repeating: 0, count: end)
  }
}

/// A small LLaMA in a folder of its own, to be bent by tests.
struct SmallLLaMA {
  var tensors: [(name: String, dtype: DType, shape: [Int])] = []
  var configuration = """
    {"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":8,"num_attention_heads":4,
     "num_key_value_heads":2,"num_hidden_layers":3,"vocab_size":10,"tie_word_embeddings":false}
    """

  init(layers: Int = 3) {
    add("model.embed_tokens.weight", [10, 8])
    for layer in 0..<layers {
      let name = "model.layers.\(layer)."
      add("\(name)self_attn.q_proj.weight", [8, 8])
      add("\(name)self_attn.k_proj.weight", [4, 8])
      add("\(name)self_attn.v_proj.weight", [4, 8])
      add("\(name)self_attn.o_proj.weight", [8, 8])
      add("\(name)mlp.up_proj.weight", [12, 8])
      add("\(name)mlp.down_proj.weight", [8, 12])
      add("\(name)input_layernorm.weight", [8])
    }
    add("model.norm.weight", [8])
    add("lm_head.weight", [10, 8])
  }

  mutating func add(_ name: String, _ shape: [Int], _ dtype: DType = .bf16) { tensors.append((name, dtype, shape)) }

  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  /// Loads it from a folder.
  func load(_ folder: TemporaryFolder) throws -> Checkpoint {
    try folder.write("model.safetensors", SafetensorsWriter.bytes(tensors))
    try folder.write("config.json", configuration)
    return try CheckpointLoader.load(folder.path)
  }

  func load() throws -> Checkpoint { try load(try TemporaryFolder()) }
}
