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
    raw.context.geometry = try geometry()
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
