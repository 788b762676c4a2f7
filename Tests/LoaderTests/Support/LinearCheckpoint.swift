import Loader
import Platform
import TestSupport

/// A LLaMA folder of one layer whose matrices are random numbers.
struct LinearCheckpoint {
  /// The numbers of each tensor, in the order of the file.
  private(set) var numbers: [String: [Float]] = [:]
  /// The checkpoint.
  let checkpoint: Checkpoint
  private let folder: TemporaryFolder

  static let up = "model.layers.0.mlp.up_proj.weight"
  static let down = "model.layers.0.mlp.down_proj.weight"
  static let norm = "model.norm.weight"

  /// Matrices of `wide` x `width` and back, in F32.
  init(width: Int, wide: Int, seed: Int) throws {
    folder = try TemporaryFolder()
    var random = SeededGenerator(seed: seed)
    let tensors = [
      (LinearCheckpoint.up, [wide, width]), (LinearCheckpoint.down, [width, wide]), (LinearCheckpoint.norm, [width]),
    ]
    var json: [String] = []
    var data: [UInt8] = []
    for (name, shape) in tensors {
      let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -2...3, using: &random) }
      numbers[name] = values
      let start = data.count
      for value in values {
        for byte in 0..<4 { data.append(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32(byte)))) }
      }
      json.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(data.count)]}"#)
    }
    let header = Array("{\(json.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try folder.write("m/model.safetensors", length + header + data)
    try folder.write(
      "m/config.json",
      """
      {"model_type": "llama", "hidden_size": \(width), "num_attention_heads": 1, "num_hidden_layers": 1,
       "intermediate_size": \(wide), "vocab_size": 8}
      """)
    checkpoint = try CheckpointLoader.load(folder.file("m"))
  }

  /// The body of a partition.
  func body(_ parameters: [(name: String, value: String)], rank: Int = 0, mp: Int = 1) throws -> PartitionBody {
    let all = [(name: "rank", value: String(rank)), (name: "mp", value: String(mp))] + parameters
    return PartitionBody(
      try Planner(checkpoint, PartitionParameters(all)).plan(), sources: SourceSet(checkpoint.files))
  }
}

extension ExpectedTensor {
  /// The numbers of F32.
  var floats: [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
  }

  /// The values of packed U8, each a byte.
  var nibbles: [UInt8] { bytes.flatMap { [$0 & 15, $0 >> 4] } }
}
