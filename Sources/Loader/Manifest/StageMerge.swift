/// Joins the state dicts of pipeline stages, in order: layers of each are numbered on from the stages before it, and experts of
/// each expert-parallel rank on from the ranks before it.
struct StageMerge {
  /// The tensors so far, under names of the whole model.
  private(set) var tensors: [NamedTensor] = []
  /// Values that are no tensors.
  private(set) var others: [(name: String, kind: String)] = []
  /// The key of the state dicts.
  private(set) var moduleKey: String?
  private var layerOffset = 0
  private var names: Set<String> = []

  /// Adds a stage: the state dicts of its expert-parallel ranks, in order. What is no expert's is the same in all; the first's is taken.
  mutating func add(_ parts: [ModuleKey.Found]) throws(LoaderError) {
    moduleKey = moduleKey ?? parts.first?.key
    let isExpertParallel = parts.count > 1
    let expertCounts = parts.map { part in
      isExpertParallel ? (part.tensors.lazy.compactMap { NumberedName(expertOf: $0.name)?.number }.max() ?? -1) + 1 : 0
    }
    if isExpertParallel, let joint = parts.lazy.flatMap(\.tensors).first(where: { StageMerge.isJoint($0.name) }) {
      throw LoaderError(
        .invalidCheckpoint,
        "\(joint.name.escaped) has all experts of a rank in one matrix, of which \(parts.count) expert-parallel ranks cannot be"
          + " put together: save with sequential or Transformer Engine's grouped experts")
    }
    var layers = 0
    var expertOffset = 0
    for (rank, part) in parts.enumerated() {
      others += rank == 0 ? part.others : []
      for named in part.tensors {
        var name = named.name
        if isExpertParallel, let numbered = NumberedName(expertOf: name) {
          name = numbered.renumbered(numbered.number + expertOffset)
        } else if rank > 0 {
          continue
        }
        if let numbered = NumberedName(name, marker: "layers.") {
          layers = max(layers, numbered.number + 1)
          name = numbered.renumbered(numbered.number + layerOffset)
        }
        if names.insert(name).inserted { tensors.append(NamedTensor(name: name, tensor: named.tensor)) }
      }
      expertOffset += expertCounts[rank]
    }
    layerOffset += layers
  }

  /// Whether a tensor is that of `GroupedMLP`: `experts.weight1` and `experts.weight2`, `[in, experts * out]` and its like.
  private static func isJoint(_ name: String) -> Bool {
    name.hasSuffix(".experts.weight1") || name.hasSuffix(".experts.weight2")
  }
}

/// A name with a number behind a marker: the layer in `decoder.layers.3.mlp…`.
struct NumberedName {
  /// The number.
  let number: Int
  private let before: Substring
  private let behind: Substring

  /// Reads the first number that stands between a marker and a dot; nil where there is none.
  init?(_ name: String, marker: String) {
    let bytes = name.utf8
    let marker = Array(marker.utf8)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      guard bytes[index] == marker[0], bytes[index...].starts(with: marker) else {
        index = bytes.index(after: index)
        continue
      }
      let start = bytes.index(index, offsetBy: marker.count)
      let digits = bytes[start...].prefix { $0 >= 0x30 && $0 <= 0x39 }
      let behind = bytes[digits.endIndex...]
      if !digits.isEmpty, digits.count <= 6, behind.first == 0x2E, let number = Int(Substring(digits)) {
        self.number = number
        before = name[..<start]
        self.behind = name[digits.endIndex...]
        return
      }
      index = start
    }
    return nil
  }

  /// The expert in a name: `experts.local_experts.3.linear_fc1.weight`, or `experts.linear_fc1.weight3` where one module has all;
  /// nil where there is none.
  ///
  /// Source: NVIDIA/Megatron-LM `megatron/core/transformer/moe/experts.py`, `SequentialMLP` and `TEGroupedMLP`.
  init?(expertOf name: String) {
    if let numbered = NumberedName(name, marker: "experts.") {
      self = numbered
      return
    }
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    let stem = name.dropLast(digits)
    guard digits > 0, digits <= 6, NumberedName.grouped.contains(where: stem.hasSuffix),
      let number = Int(name.suffix(digits))
    else { return nil }
    self.number = number
    before = stem
    behind = ""
  }

  private static let grouped = ["linear_fc1", "linear_fc2"].flatMap { layer in
    ["weight", "bias"].map { ".experts.\(layer).\($0)" }
  }

  /// The name with another number.
  func renumbered(_ number: Int) -> String { "\(before)\(number)\(behind)" }
}
