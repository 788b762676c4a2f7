extension PartitionParameters {
  /// The names that the contract gives the parameters of a partition, in its order.
  public static let parameterNames = [
    "rank", "mp", "names", "dtype", "quantize", "groups", "group_size", "mlp_extra_grouping", "pp", "pp_rank", "ep",
    "ep_rank", "embeddings", "vocab_multiple", "vocab_size", "tensors",
  ]

  /// The values of `dtype`, and the element types that they are; `native` is none.
  static let dtypes: [(name: String, dtype: DType?)] = [
    ("native", nil), ("float32", .f32), ("float16", .f16), ("bfloat16", .bf16), ("float8_e4m3fn", .f8e4m3),
    ("float8_e5m2", .f8e5m2),
  ]

  /// The values that the contract gives `dtype`, the default first.
  public static var dtypeNames: [String] { dtypes.map(\.name) }

  /// Reads parameters from names and values.
  /// - Parameter requiresRank: false for `/plan`, which may leave `rank` out (0 then).
  /// - Throws: `invalidArgument` for a parameter that is unknown, repeated, malformed or out of its range.
  public init(_ pairs: [(name: String, value: String)], requiresRank: Bool = true) throws(LoaderError) {
    var fields = ParameterFields()
    for (name, value) in pairs { try fields.insert(name, value) }
    guard let mp = try fields.integer("mp", in: 1...PartitionParameters.mpLimit) else {
      throw .argument("mp is required: the number of tensor-parallel ranks that the worker group runs at")
    }
    let rank = try fields.integer("rank", in: 0...Int.max)
    if rank == nil, requiresRank { throw .argument("rank is required: the worker's index, 0...\(mp - 1)") }
    if let rank, rank >= mp {
      throw .argument("rank \(rank) is out of range for mp=\(mp): ranks are 0...\(mp - 1)")
    }
    self.init(rank: rank ?? 0, mp: mp)
    names = try fields.choice("names", Names.self) ?? .source
    dtype = try fields.dtype()
    quantization = try fields.choice("quantize", Quantization.self) ?? .none
    groups = try fields.integer("groups", in: 1...Int(Int32.max))
    groupSize = try fields.integer("group_size", in: 1...Int(Int32.max))
    hasExtraGrouping = try fields.boolean("mlp_extra_grouping") ?? false
    try refuseGroupsWithoutQuantization()
    stage = try fields.part("pp", "pp_rank", "the number of pipeline stages")
    experts = try fields.part("ep", "ep_rank", "the number of expert-parallel ranks")
    embeddings = try fields.choice("embeddings", Embeddings.self) ?? .automatic
    vocabularyMultiple = try fields.integer("vocab_multiple", in: 1...1_000_000) ?? 1
    vocabularySize = try fields.integer("vocab_size", in: 1...Int(Int32.max))
    tensors = try fields.patterns()
  }

  private func refuseGroupsWithoutQuantization() throws(LoaderError) {
    if groups != nil, groupSize != nil {
      throw .argument("groups and group_size exclude each other: give one of them")
    }
    guard quantization == .none else { return }
    let given = [
      ("groups", groups != nil), ("group_size", groupSize != nil), ("mlp_extra_grouping", hasExtraGrouping),
    ]
    for (name, isGiven) in given where isGiven {
      throw .argument("\(name) needs quantize=int8 or quantize=int4")
    }
  }
}

extension LoaderError {
  static func argument(_ message: String) -> LoaderError { LoaderError(.invalidArgument, message) }
}

/// Names and values of parameters, each at most once.
private struct ParameterFields {
  private var values: [String: String] = [:]

  mutating func insert(_ name: String, _ value: String) throws(LoaderError) {
    guard PartitionParameters.parameterNames.contains(name) else {
      throw .argument(
        "unknown parameter \(name.escaped); known are model, revision, "
          + PartitionParameters.parameterNames.joined(separator: ", "))
    }
    guard values.updateValue(value, forKey: name) == nil else {
      throw .argument("parameter \(name) stands twice; it may be given once")
    }
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(LoaderError) -> Int? {
    guard let text = values[name] else { return nil }
    let isPlain = !text.isEmpty && text.utf8.count <= 20 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    guard isPlain, let value = Int(text), range.contains(value) else {
      let wanted =
        range.upperBound == Int.max ? "from \(range.lowerBound) up" : "in \(range.lowerBound)...\(range.upperBound)"
      throw .argument("\(name)=\(text.escaped) is not a whole number \(wanted)")
    }
    return value
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Choice.Type
  ) throws(LoaderError) -> Choice? where Choice.RawValue == String {
    guard let text = values[name] else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw .argument("\(name)=\(text.escaped) is unknown; it is one of \(known)")
    }
    return choice
  }

  func boolean(_ name: String) throws(LoaderError) -> Bool? {
    switch values[name] {
    case nil: return nil
    case "true": return true
    case "false": return false
    case .some(let text): throw .argument("\(name)=\(text.escaped) is neither true nor false")
    }
  }

  func dtype() throws(LoaderError) -> DType? {
    let known = PartitionParameters.dtypes
    guard let text = values["dtype"] else { return nil }
    guard let found = known.first(where: { $0.name == text }) else {
      throw .argument("dtype=\(text.escaped) is unknown; it is one of \(known.map(\.name).joined(separator: ", "))")
    }
    return found.dtype
  }

  func part(_ count: String, _ index: String, _ what: String) throws(LoaderError) -> PartitionParameters.Part? {
    let total = try integer(count, in: 1...PartitionParameters.mpLimit)
    let chosen = try integer(index, in: 0...Int.max)
    guard let total else {
      if chosen != nil { throw .argument("\(index) needs \(count), \(what)") }
      return nil
    }
    guard let chosen else { throw .argument("\(count)=\(total) needs \(index), one of 0...\(total - 1)") }
    guard chosen < total else {
      throw .argument("\(index) \(chosen) is out of range for \(count)=\(total): it is one of 0...\(total - 1)")
    }
    return PartitionParameters.Part(index: chosen, count: total)
  }

  func patterns() throws(LoaderError) -> [String] {
    guard let text = values["tensors"] else { return [] }
    let patterns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard patterns.count <= 1000, !patterns.contains("") else {
      throw .argument(
        "tensors holds an empty pattern, or more than 1000; it is a comma-separated list of name patterns")
    }
    return patterns
  }
}
