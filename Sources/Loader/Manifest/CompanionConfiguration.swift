import Platform

/// A Hugging Face `config.json` beside a checkpoint whose format does not have one: in the checkpoint's folder, or in the folder that the
/// manifest's `assets` names. It fills in what the files do not say, and names the model that `names=hf` maps to.
struct CompanionConfiguration {
  /// The file, relative to the checkpoint's folder or absolute.
  let path: String
  private let configuration: HuggingFaceConfiguration
  private let text: String

  /// The configuration; nil where there is none.
  static func read(_ candidate: Candidate, assets: String?) throws(LoaderError) -> CompanionConfiguration? {
    let path = assets.map { Path.join($0, "config.json") } ?? "config.json"
    do throws(LoaderError) {
      let object = try candidate.readObject(path, limit: 4 << 20)
      let text = String(decoding: try candidate.read(path, limit: 4 << 20), as: UTF8.self)
      return CompanionConfiguration(
        path: path, configuration: HuggingFaceConfiguration(object: object), text: text)
    } catch {
      if error.code == .missingFile { return nil }
      throw error
    }
  }

  /// Model types whose MLP has gate and up.
  private static let gatedModels = ["llama", "mistral", "mixtral", "qwen2", "qwen3"]

  /// Fills in what the files of a Megatron checkpoint did not say.
  func complete(_ raw: inout RawCheckpoint) throws(LoaderError) {
    raw.configurationText = text
    let isInjected = raw.family?.name == Family.deepSpeedInference.name
    guard raw.configuration == nil, raw.family == nil || isInjected else { return }
    raw.context.companionModelType = configuration.modelType
    if raw.context.geometry.heads == nil {
      let isGated = raw.context.geometry.isGated
      raw.context.geometry = try configuration.geometry()
      raw.context.geometry.isGated = isGated
      if raw.context.geometry.heads != nil {
        raw.reasons.append("the model's numbers: \(path.escaped)")
        raw.warnings.removeAll { $0.hasSuffix(CompanionConfiguration.unknownHeads) }
      }
    }
    if raw.arguments.isEmpty, let modelType = configuration.modelType,
      CompanionConfiguration.gatedModels.contains(modelType)
    {
      raw.context.geometry.isGated = true
    }
  }

  /// How warnings end that say that the number of heads is unknown.
  static let unknownHeads = "heads could not be checked"
}
