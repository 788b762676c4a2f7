import Platform

/// A Hugging Face `config.json` made of what a training script's arguments and the tensors say, where the checkpoint's folder has none.
///
/// Source: transformers `models/{gpt2,gpt_neox,llama,mistral,mixtral,qwen2,qwen3}/configuration_*.py` (the keys), NVIDIA/Megatron-LM
/// `megatron/training/arguments.py` (the arguments and what they are by default), transformers
/// `models/megatron_gpt2/convert_megatron_gpt2_checkpoint.py` (which activation the arguments mean).
public struct HuggingFaceConfigurationWriter: Sendable {
  /// The fields, in order.
  public private(set) var fields: [Field] = []

  /// A field and where it comes from.
  public struct Field: Sendable, Hashable {
    /// Its key.
    public let key: String
    /// Its value.
    public let value: Value
    /// What says so, in words.
    public let origin: String
  }

  /// A field's value.
  public indirect enum Value: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case text(String)
    case boolean(Bool)
    case texts([String])
    case object([Member])
  }

  /// A key and a value inside of a field.
  public struct Member: Sendable, Hashable {
    let key: String
    let value: Value
  }

  /// Makes the configuration of a checkpoint.
  /// - Throws: `failedPrecondition` where a field is said by nothing, naming it and the manifest's key to give it by.
  public init(_ checkpoint: Checkpoint) throws(LoaderError) {
    let facts = try ModelFacts(checkpoint)
    fields = try facts.fields()
  }

  /// The JSON text, a field a line; `weight_server_origins` says where each comes from.
  public var text: String {
    var lines = fields.map { "  \(Value.text($0.key).json): \($0.value.json)" }
    let origins = fields.map { field in
      "    \(Value.text(field.key).json): \(Value.text(field.origin).json)"
    }
    lines.append("  \"weight_server_origins\": {\n\(origins.joined(separator: ",\n"))\n  }")
    return "{\n\(lines.joined(separator: ",\n"))\n}\n"
  }
}

extension HuggingFaceConfigurationWriter.Value {
  /// The value as JSON.
  var json: String {
    var writer = JSONWriter()
    write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private func write(to json: inout JSONWriter) {
    switch self {
    case .integer(let value): json.integer(value)
    case .number(let value): json.number(value)
    case .text(let value): json.string(value)
    case .boolean(let value): json.bool(value)
    case .texts(let values): json.array(values)
    case .object(let members):
      json.object { json in
        for member in members {
          json.key(member.key)
          member.value.write(to: &json)
        }
      }
    }
  }
}
