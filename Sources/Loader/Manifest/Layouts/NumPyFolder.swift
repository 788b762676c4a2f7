import Platform

/// FlexLLMGen's folder of weights: an `.npy` file a tensor, named by the tensor with no extension.
///
/// Source: FlexLLMGen `flexllmgen/opt_config.py`, `download_opt_weights`: OPT's names without `model.`, `decoder.final_layer_norm`
/// as `decoder.layer_norm`, and `lm_head.weight` a copy of the embeddings.
struct NumPyFolder: SourceLayout {
  let name = "flexllmgen"
  let lookedFor = "a FlexLLMGen folder (an .npy file a tensor, such as decoder.embed_tokens.weight)"

  private static let marker = "decoder.embed_tokens.weight"

  func recognize(_ candidate: Candidate) -> String? {
    candidate.has(NumPyFolder.marker) ? "the folder holds \(NumPyFolder.marker), as FlexLLMGen writes it" : nil
  }

  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint {
    var raw = RawCheckpoint(sourceType: "flexllmgen", reasons: [], ranks: [])
    var tensors: [NamedTensor] = []
    for name in candidate.names.sorted(by: NaturalOrder.precedes) where isTensor(name) {
      let index = try files.open(name)
      tensors.append(NamedTensor(name: name, tensor: try NumPyFile.read(index, in: &files)))
    }
    raw.ranks = [tensors]
    try HuggingFaceConfiguration.read(candidate)?.apply(to: &raw)
    return raw
  }

  /// Names of tensors have dots and end as parameters do.
  private func isTensor(_ name: String) -> Bool {
    !name.hasPrefix(".") && (name.hasSuffix(".weight") || name.hasSuffix(".bias"))
  }
}
