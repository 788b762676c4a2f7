/// What a Hugging Face `config.json` says of a model.
///
/// Source: transformers `models/*/configuration_*.py`; the aliases are those of `attribute_map` and of older configurations.
struct HuggingFaceConfiguration {
  /// The object.
  let object: JSONObject

  /// The configuration beside a checkpoint's files; nil where there is none.
  static func read(_ candidate: Candidate) throws(LoaderError) -> HuggingFaceConfiguration? {
    do throws(LoaderError) {
      return HuggingFaceConfiguration(object: try candidate.readObject("config.json", limit: 4 << 20))
    } catch {
      if error.code == .missingFile { return nil }
      throw error
    }
  }

  /// The model's type, as transformers names its families.
  var modelType: String? { object["model_type"]?.asText }

  /// Fills in what the configuration says.
  func apply(to raw: inout RawCheckpoint) throws(LoaderError) {
    raw.configuration = self
    raw.context.geometry = try geometry()
    raw.context.weightBlock = try weightBlock()
    guard let modelType else {
      raw.warnings.append("config.json has no model_type: the family is told by the tensors' names")
      return
    }
    if let family = FamilyRegistry.family(modelType: modelType) {
      raw.family = family
      raw.reasons.append("family \(family.name): model_type \(modelType.escaped) in config.json")
    } else {
      raw.warnings.append("model_type \(modelType.escaped) is not known: the family is told by the tensors' names")
    }
  }

  /// The model's numbers.
  func geometry() throws(LoaderError) -> Geometry {
    var geometry = Geometry()
    geometry.heads = try number("num_attention_heads", "n_head", "num_heads", "n_heads")
    geometry.keyValueHeads = try number("num_key_value_heads", "num_kv_heads", "n_head_kv")
    geometry.hiddenSize = try number("hidden_size", "n_embd", "d_model")
    geometry.layers = try number("num_hidden_layers", "n_layer", "n_layers")
    geometry.vocabularySize = try number("vocab_size")
    geometry.experts = try number("num_local_experts", "num_experts", "n_routed_experts")
    geometry.headDimension = try number("head_dim")
    if geometry.headDimension == nil, let hidden = geometry.hiddenSize, let heads = geometry.heads, hidden % heads == 0
    {
      geometry.headDimension = hidden / heads
    }
    return geometry
  }

  /// The blocks that share a scale, of a checkpoint quantized to FP8.
  ///
  /// Source: transformers `utils/quantization_config.py`, `FineGrainedFP8Config.weight_block_size`.
  private func weightBlock() throws(LoaderError) -> WeightBlock? {
    guard let value = object["quantization_config"]?["weight_block_size"], !value.isNull else { return nil }
    let sizes = (value.asArray ?? []).compactMap(\.asInteger).filter { $0 > 0 && $0 <= Int(Int32.max) }
    guard sizes.count == 2, value.asArray?.count == 2 else {
      throw .invalid("config.json", "has weight_block_size \(value.kind); it is [rows, columns] of a block")
    }
    return WeightBlock(rows: sizes[0], columns: sizes[1])
  }

  /// Whether the output head is the input embedding, where the configuration says.
  var tiesEmbeddings: Bool? { object["tie_word_embeddings"]?.asBoolean }

  /// Whether the model that was saved predicts tokens, by the name of its class.
  var hasLanguageHead: Bool {
    let names = (object["architectures"]?.asArray ?? []).compactMap(\.asText)
    return names.contains { $0.hasSuffix("ForCausalLM") || $0.hasSuffix("LMHeadModel") }
  }

  /// A truth value; nil where the key is absent or null.
  func boolean(_ key: String) throws(LoaderError) -> Bool? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let boolean = value.asBoolean else {
      throw .invalid("config.json", "has \(key) \(value.kind); it is true or false")
    }
    return boolean
  }

  /// The first of some keys that is there and not null: a whole number from 1 up.
  func number(_ keys: String...) throws(LoaderError) -> Int? {
    for key in keys {
      guard let value = object[key], !value.isNull else { continue }
      guard let number = value.asInteger, number > 0, number <= Int(Int32.max) else {
        throw .invalid("config.json", "has \(key) \(value.kind); it is a whole number from 1 up")
      }
      return number
    }
    return nil
  }
}
