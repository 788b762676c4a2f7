/// A folder that `save_pretrained` of transformers wrote: `config.json`, and the weights as safetensors or as torch's `.bin`, in one
/// file or in several with an index.
///
/// Source: transformers `modeling_utils.py`, `save_pretrained` and `_get_resolved_checkpoint_files` (safetensors before `.bin`, one
/// file before an index); the index is `{"metadata": {…}, "weight_map": {name: file}}`. Only files that the index names are read.
struct HuggingFaceFolder: SourceLayout {
  let name = "huggingface"
  let lookedFor =
    "a Hugging Face folder (model.safetensors, pytorch_model.bin, or either in several files with an index, with config.json)"
  // A trainer's folder has the model beside the run's state, which is what the run goes on from.
  let precedes: Set<String> = ["deepspeed", "deepspeed_universal"]

  /// How the weights lie in the folder.
  private enum Weights {
    /// An index, which names the files.
    case index(String)
    /// Files that hold the whole model between them, with no index.
    case files([String])
  }

  func recognize(_ candidate: Candidate) -> String? {
    if let file = candidate.file {
      return HuggingFaceFolder.isIndex(file) ? "the file is a Hugging Face index" : nil
    }
    let beside = candidate.has("config.json") ? " and config.json" : ""
    switch weights(in: candidate) {
    case .index(let name)?: return "the folder holds \(name)\(beside)"
    case .files(let names)?:
      let others = names.count > 1 ? " and its \(names.count - 1) siblings" : ""
      return "the folder holds \(names[0].escaped)\(others)\(beside)"
    case nil: return nil
    }
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    var raw = RawCheckpoint(sourceType: "huggingface", reasons: [], ranks: [])
    switch candidate.file.map({ Weights.index($0) }) ?? weights(in: candidate) {
    case .index(let name)?:
      raw.ranks = [try indexed(candidate, name, &files, &raw, options)]
    case .files(let names)?:
      try checkAllThere(names)
      var tensors: [NamedTensor] = []
      for name in names { tensors += try read(name, &files, &raw, options) }
      raw.ranks = [tensors]
    case nil:
      throw .invalid(candidate.path, "holds no weights that are known by name: \(lookedFor)")
    }
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }

  // MARK: Names

  /// Whether a file of this name is an index: JSON, but no manifest.
  static func isIndex(_ name: String) -> Bool {
    name.hasSuffix(".safetensors.index.json") || name.hasSuffix(".bin.index.json")
  }

  private func weights(in candidate: Candidate) -> Weights? {
    for (single, stem, suffix) in [
      ("model.safetensors", "model", "safetensors"), ("pytorch_model.bin", "pytorch_model", "bin"),
    ] {
      let index = "\(single).index.json"
      if candidate.has(index) { return .index(index) }
      if candidate.has(single) { return .files([single]) }
      let parts = candidate.names.filter { Part($0, stem: stem, suffix: suffix) != nil }
      if !parts.isEmpty { return .files(parts.sorted()) }
    }
    let lone = candidate.names.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
    return lone.count == 1 && candidate.has("config.json") ? .files(lone) : nil
  }

  /// A name such as `model-00002-of-00005.safetensors`.
  private struct Part {
    let index: Int
    let count: Int

    init?(_ name: String, stem: String, suffix: String) {
      guard let numbers = NamePattern("\(stem)-#-of-#.\(suffix)")?.match(name), numbers.count == 2 else { return nil }
      index = numbers[0]
      count = numbers[1]
    }
  }

  /// Without an index, the names say how many files there are.
  private func checkAllThere(_ names: [String]) throws(LoaderError) {
    guard let last = names.last else { return }
    let isTorch = last.hasSuffix(".bin")
    let parts = names.compactMap {
      Part($0, stem: isTorch ? "pytorch_model" : "model", suffix: isTorch ? "bin" : "safetensors")
    }
    guard let count = parts.first?.count, parts.count == names.count else { return }
    guard parts.allSatisfy({ $0.count == count }), Set(parts.map(\.index)).count == names.count else {
      throw .invalid(last, "is of another set than \(names[0].escaped): the names say how many files there are")
    }
    guard names.count == count else {
      throw LoaderError(
        .missingFile, "is one of \(count) files, of which \(names.count) are in the folder", file: last)
    }
  }

  // MARK: Contents

  /// The tensors of one file.
  private func read(
    _ name: String, _ files: inout FileTable, _ raw: inout RawCheckpoint, _ options: LoadOptions
  ) throws(LoaderError) -> [NamedTensor] {
    let file = try RankFile.read(name, moduleKey: nil, files: &files, options: options)
    raw.otherValues += file.others
    return file.tensors
  }

  private func indexed(
    _ candidate: Candidate, _ name: String, _ files: inout FileTable, _ raw: inout RawCheckpoint,
    _ options: LoadOptions
  ) throws(LoaderError) -> [NamedTensor] {
    let object = try candidate.readObject(name)
    guard let map = object["weight_map"]?.asObject else {
      throw .invalid(name, "has no weight_map, an object that names each tensor's file")
    }
    var wanted: [String: Set<String>] = [:]
    for (tensor, file) in map.members {
      guard let file = file.asText else {
        throw .invalid(name, "names \(file.kind) as the file of \(tensor.escaped); it is a file's name")
      }
      wanted[file, default: []].insert(tensor)
    }
    var tensors: [NamedTensor] = []
    for file in wanted.keys.sorted() {
      var missing = wanted[file] ?? []
      var unnamed = 0
      for named in try read(file, &files, &raw, options) {
        if missing.remove(named.name) != nil {
          tensors.append(named)
        } else {
          unnamed += 1
        }
      }
      if let tensor = missing.min() {
        throw .invalid(name, "says that \(tensor.escaped) is in \(file.escaped), which does not have it")
      }
      if unnamed > 0 {
        raw.warnings.append("\(file.escaped) has \(unnamed) tensors that the index does not name: not served")
      }
    }
    return tensors
  }
}
