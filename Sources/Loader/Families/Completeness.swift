/// Whether a checkpoint holds what its configuration and its own layers lead one to expect. What is odd is said, not refused: a
/// framework may save a part of a model on purpose.
struct Completeness {
  /// The whole tensors.
  let tensors: [LogicalTensor]
  /// What the family's table said of each; nil where it knew no name.
  let entries: [RoleTable.Entry?]
  /// The model's numbers.
  let geometry: Geometry
  /// The configuration, where there is one.
  let configuration: HuggingFaceConfiguration?

  /// Warnings of one kind that are written out; more are counted.
  private static let limit = 10

  /// What is odd, a line each.
  var warnings: [String] {
    vocabulary + head + layers
  }

  /// Rows of embeddings and heads that are not the configuration's vocabulary.
  private var vocabulary: [String] {
    guard let size = geometry.vocabularySize else { return [] }
    var warnings: [String] = []
    for tensor in tensors where tensor.role == .vocabulary {
      guard let rows = tensor.shape.first, rows != size else { continue }
      warnings.append(
        "\(tensor.name.escaped) has \(rows) rows, but config.json says vocab_size \(size): served as saved")
    }
    return shortened(warnings, "tensors whose rows are not vocab_size")
  }

  /// An output head that the configuration says is no copy of the embedding, and that is not there.
  private var head: [String] {
    guard let configuration, configuration.tiesEmbeddings == false, configuration.hasLanguageHead else { return [] }
    let hasHead = tensors.contains { $0.role == .vocabulary && $0.layer == nil && !$0.isBeforeLayers }
    return hasHead ? [] : ["config.json says tie_word_embeddings false, but no file holds an output head"]
  }

  // MARK: Layers

  private var layers: [String] {
    var names: [Int: Set<String>] = [:]
    var experts: [Int: Set<String>] = [:]
    for (tensor, entry) in zip(tensors, entries) {
      guard let layer = tensor.layer else { continue }
      if names[layer] == nil { names[layer] = [] }
      let name = Completeness.name(tensor.name, without: layer)
      if tensor.expert != nil {
        experts[layer, default: []].insert(name)
      } else if entry?.isOptional == false {
        names[layer, default: []].insert(name)
      }
    }
    let count = max(geometry.layers ?? 0, (names.keys.max() ?? -1) + 1)
    // Layers are numbered from 0; a number that is far beyond the tensors is no model's.
    guard !names.isEmpty, count <= 100_000 else { return [] }
    let missing = (0..<count).filter { names[$0] == nil }
    let gaps = missing.prefix(Completeness.limit).map { layer in
      "layer \(layer) of \(count) is in no file"
    }
    let more = missing.count > gaps.count ? ["\(missing.count - gaps.count) more layers are in no file"] : []
    return gaps + more + shortened(lacking(names) + lacking(experts), "names that single layers lack")
  }

  /// Names that most layers have and some lack.
  private func lacking(_ names: [Int: Set<String>]) -> [String] {
    guard names.count > 1, Set(names.values).count > 1 else { return [] }
    var counts: [String: Int] = [:]
    for name in names.values.joined() { counts[name, default: 0] += 1 }
    let expected = Set(counts.filter { $0.value * 2 > names.count }.keys)
    return names.keys.sorted().flatMap { layer in
      expected.subtracting(names[layer] ?? []).sorted().map { name in
        "layer \(layer) lacks \(name.escaped), which \(counts[name] ?? 0) of \(names.count) layers have"
      }
    }
  }

  /// A name with its layer's number replaced by `#`.
  private static func name(_ name: String, without layer: Int) -> String {
    let bytes = name.utf8
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: 0x2E) ?? bytes.endIndex
      if bytes[start] >= 0x30, bytes[start] <= 0x39, Int(name[start..<end]) == layer {
        return "\(name[..<start])#\(name[end...])"
      }
      start = end < bytes.endIndex ? bytes.index(after: end) : end
    }
    return name
  }

  private func shortened(_ warnings: [String], _ what: String) -> [String] {
    if warnings.count <= Completeness.limit { return warnings }
    return warnings.prefix(Completeness.limit) + ["\(warnings.count - Completeness.limit) more \(what)"]
  }
}
