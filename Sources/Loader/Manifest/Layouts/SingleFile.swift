/// One file that holds a whole model: safetensors or torch, told by its first bytes. A `config.json` beside it is read.
struct SingleFile: SourceLayout {
  let lookedFor = "a safetensors file (a length, then '{'); a torch file (zip, legacy or tar)"

  func recognize(_ candidate: Candidate) -> String? {
    guard candidate.file != nil else { return nil }
    if Safetensors.matches(prefix: candidate.prefix, fileSize: candidate.fileSize) {
      return "the file begins as safetensors does"
    }
    return nil
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    let index = try files.open(candidate.file ?? "")
    var raw = RawCheckpoint(sourceType: "safetensors", reasons: [], ranks: [])
    raw.ranks = [try Safetensors.read(index, in: &files).tensors.map { NamedTensor(name: $0.name, tensor: $0.tensor) }]
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }
}
