/// A manifest that DeepSpeed's `save_mp_checkpoint_path` wrote: the injected modules of each tensor-parallel rank over several parts
/// (`tp_RR_PP.pt`), and files that every rank reads (`non_tp`).
///
/// Source: DeepSpeed `module_inject/replace_module.py` (the end of `replace_transformer_layer`) and `inference/engine.py`. Int8 values are
/// `[tensor, scale]` pairs, of which the scale's first numbers are those of the whole rows.
struct InferenceManifest {
  private let manifest: Manifest
  private let name: String

  private static let partName = NamePattern("*tp_#_#.pt")

  init(_ manifest: Manifest, _ name: String) {
    self.manifest = manifest
    self.name = name
  }

  func read(
    _ candidate: Candidate, _ files: inout FileTable, _ options: LoadOptions
  ) throws(LoaderError) -> RawCheckpoint {
    let (parts, shared) = try fileNames(candidate, files.folder)
    var raw = RawCheckpoint(sourceType: manifest.type.rawValue, reasons: [], ranks: [])
    raw.family = .deepSpeedInference
    raw.reasons.append("family deepspeed_inference: the manifest's type, \(manifest.type.rawValue)")
    raw.context.fusedOrder = manifest.type == .bloom ? .heads : .blocks
    raw.keepsEmbeddingsWhole = true
    let degree = try self.degree(parts)
    raw.parallelization = .init(tensor: degree)
    raw.ranks = Array(repeating: [], count: degree)
    for (index, part) in parts.enumerated() {
      let file = try read(part, &files, options, into: &raw)
      raw.ranks[try rank(of: part, at: index, degree: degree)] += file
    }
    for name in shared { raw.whole += try read(name, &files, options, into: &raw).map { WholeTensor($0) } }
    if let configuration = try HuggingFaceConfiguration.read(candidate) {
      raw.context.geometry = try configuration.geometry()
    }
    if raw.context.geometry.heads == nil {
      raw.warnings.append(
        "nothing says the number of attention heads: rows are split evenly, and heads could not be checked")
    }
    return raw
  }

  private func fileNames(
    _ candidate: Candidate, _ folder: String
  ) throws(LoaderError) -> (parts: [String], shared: [String]) {
    if case .parts(let parts, let shared) = manifest.checkpoints { return (parts, shared) }
    let names = try ManifestFiles(candidate, folder).names(of: manifest.checkpoints, manifest: name)
    return (names, [])
  }

  /// The tensor-parallel degree: the manifest's, or the files'.
  private func degree(_ parts: [String]) throws(LoaderError) -> Int {
    let ranks = parts.compactMap { InferenceManifest.partName?.match($0)?.first }
    let named = ranks.count == parts.count ? (ranks.max() ?? 0) + 1 : nil
    guard let degree = manifest.sourceDegree ?? named else {
      throw .invalid(
        name, "has no tp_size, and its files are not named tp_RR_PP.pt: how many ranks there are is unknown")
    }
    guard !parts.isEmpty, parts.count % degree == 0, named == nil || named == degree else {
      throw .invalid(
        name,
        "says tp_size \(degree) and names \(parts.count) files of \(named ?? degree) ranks; each rank has equally many")
    }
    return degree
  }

  /// The rank of a file: by its name, else by its place, part by part.
  private func rank(of part: String, at index: Int, degree: Int) throws(LoaderError) -> Int {
    guard let named = InferenceManifest.partName?.match(part)?.first else { return index % degree }
    guard named < degree else { throw .invalid(part, "is of rank \(named), but there are \(degree)") }
    return named
  }

  private func read(
    _ name: String, _ files: inout FileTable, _ options: LoadOptions, into raw: inout RawCheckpoint
  ) throws(LoaderError) -> [NamedTensor] {
    let file = try RankFile.read(
      name, moduleKey: manifest.moduleKey, isInferenceDump: true, files: &files, options: options)
    raw.moduleKey = raw.moduleKey ?? file.moduleKey
    raw.otherValues += file.others
    var tensors = file.tensors
    for pair in file.pairs {
      raw.context.storesOutputFirst = true
      tensors.append(NamedTensor(name: pair.name, tensor: pair.values))
      do throws(LoaderError) {
        tensors.append(NamedTensor(name: pair.name + ".scale", tensor: try rowScales(pair)))
      } catch {
        throw error.of(name)
      }
    }
    return tensors
  }

  /// The scales of a quantized matrix's rows, a column of them: the first of the numbers that are stored.
  private func rowScales(_ pair: ModuleKey.Pair) throws(LoaderError) -> StoredTensor {
    let rows = pair.values.shape.first ?? 0
    var scale = pair.scale
    guard pair.values.dtype == .i8, pair.values.shape.count == 2, scale.dtype == .f32, scale.location.strides == nil,
      scale.shape.first == rows
    else {
      throw LoaderError(
        .invalidCheckpoint,
        "\(pair.name.escaped) is \(pair.values.dtype.rawValue) \(pair.values.shape) with scales \(scale.dtype.rawValue)"
          + " \(scale.shape); a quantized matrix has an F32 scale for each row")
    }
    scale.shape = [rows, 1]
    scale.location.checksum = nil
    return scale
  }
}
