/// A folder that `save_pretrained` of transformers wrote: `config.json`, and safetensors in one file or several with an index.
///
/// Source: transformers `modeling_utils.py`, `save_pretrained` and `_get_resolved_checkpoint_files`; the index is
/// `{"metadata": {…}, "weight_map": {name: file}}`. Only files that the index names are read.
struct HuggingFaceFolder: SourceLayout {
  let lookedFor = "a Hugging Face folder (model.safetensors or model.safetensors.index.json, with config.json)"

  private static let index = "model.safetensors.index.json"
  private static let single = "model.safetensors"

  func recognize(_ candidate: Candidate) -> String? {
    if candidate.file == HuggingFaceFolder.index { return "the file is a Hugging Face index" }
    for name in [HuggingFaceFolder.index, HuggingFaceFolder.single] where candidate.has(name) {
      return "the folder holds \(name)\(candidate.has("config.json") ? " and config.json" : "")"
    }
    return nil
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    var raw = RawCheckpoint(sourceType: "huggingface", reasons: [], ranks: [])
    let isIndexed = candidate.file != nil || candidate.has(HuggingFaceFolder.index)
    if isIndexed {
      raw.ranks = [try indexed(candidate, &files, &raw.warnings)]
    } else {
      let file = try files.open(HuggingFaceFolder.single)
      raw.ranks = [try Safetensors.read(file, in: &files).tensors.map { NamedTensor(name: $0.name, tensor: $0.tensor) }]
    }
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }

  private func indexed(
    _ candidate: Candidate, _ files: inout FileTable, _ warnings: inout [String]
  ) throws(LoaderError) -> [NamedTensor] {
    let name = HuggingFaceFolder.index
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
      let index = try files.open(file)
      var unnamed = 0
      for (tensor, stored) in try Safetensors.read(index, in: &files).tensors {
        if missing.remove(tensor) != nil {
          tensors.append(NamedTensor(name: tensor, tensor: stored))
        } else {
          unnamed += 1
        }
      }
      if let tensor = missing.min() {
        throw .invalid(name, "says that \(tensor.escaped) is in \(file.escaped), which does not have it")
      }
      if unnamed > 0 {
        warnings.append("\(file.escaped) has \(unnamed) tensors that the index does not name: not served")
      }
    }
    return tensors
  }
}
