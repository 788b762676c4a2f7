/// The tensors of a checkpoint as Hugging Face's checkpoint of the model has them, made of the source's by names, rows and axes alone.
public struct HuggingFaceMapping: Sendable {
  /// transformers' `model_type` of the model; nil where the source's names are Hugging Face's own and nothing says it.
  public let modelType: String?
  /// The tensors, in the source's order.
  public let tensors: [LogicalTensor]
  /// What became of each of the source's tensors.
  public let lines: [Line]
  /// How the tensors are made of the source's; nil where they are the source's.
  let mapping: TensorMapping?

  /// A line of the table that shows the mapping.
  public struct Line: Sendable, Hashable {
    /// The name in the source.
    public let source: String
    /// The whole shape there.
    public let sourceShape: [Int]
    /// The name that it gets; nil where it is left out.
    public let target: String?
    /// The whole shape there.
    public let targetShape: [Int]
    /// What is done, in words.
    public let operation: String
  }

  /// The identity.
  init(modelType: String?, identical tensors: [LogicalTensor]) {
    self.modelType = modelType
    self.tensors = tensors
    mapping = nil
    lines = tensors.map {
      Line(source: $0.name, sourceShape: $0.shape, target: $0.name, targetShape: $0.shape, operation: "as it is")
    }
  }

  /// Maps a source's tensors by a family's table.
  /// - Throws: `failedPrecondition` that names the first tensor with no name in the model, or what is not known.
  init(_ names: HuggingFaceNames, source: HuggingFaceNames.Source, tensors: [LogicalTensor]) throws(LoaderError) {
    var builder = MappingBuilder(names, source)
    for (index, tensor) in tensors.enumerated() { try builder.add(tensor, index) }
    modelType = names.modelType
    lines = builder.lines
    mapping = builder.mapping
    self.tensors = try builder.tensors(of: tensors)
  }
}

/// Collects the entries of a mapping.
private struct MappingBuilder {
  let names: HuggingFaceNames
  let source: HuggingFaceNames.Source
  var mapping = TensorMapping()
  var lines: [HuggingFaceMapping.Line] = []
  private var runs: [RunKey: [[(source: Int, runs: [RowRun])]]] = [:]
  private var seen: [String: String] = [:]

  /// What the runs of a tensor's rows depend on.
  private struct RunKey: Hashable {
    let from: RowOrder
    let to: RowOrder
    let rows: Int
  }

  init(_ names: HuggingFaceNames, _ source: HuggingFaceNames.Source) {
    self.names = names
    self.source = source
  }

  mutating func add(_ tensor: LogicalTensor, _ index: Int) throws(LoaderError) {
    let (line, numbers) = try mapping(of: tensor.name)
    if line.omission != nil {
      lines.append(
        .init(
          source: tensor.name, sourceShape: tensor.shape, target: nil, targetShape: [],
          operation: line.operation(isTransposed: false, isInterleaved: false)))
      return
    }
    let sourceAxis = line.sourceLayout.outputAxis(rank: tensor.shape.count)
    let targetAxis = line.targetLayout.outputAxis(rank: tensor.shape.count)
    let isTransposed = line.sourceLayout != line.targetLayout && tensor.shape.count == 2
    let rows = tensor.shape.isEmpty ? 1 : tensor.shape[sourceAxis]
    let parts = try self.runs(line, rows: rows, of: tensor)
    let operation = operation(line, tensor, isTransposed: isTransposed, rows: rows)
    for (part, name) in line.targets(of: tensor.name, numbers: numbers).enumerated() {
      if let other = seen.updateValue(tensor.name, forKey: name) {
        throw LoaderError(
          .failedPrecondition,
          "names=hf: \(tensor.name.escaped) and \(other.escaped) would both be \(name.escaped)")
      }
      let list = part < parts.count ? parts[part] : []
      var shape = isTransposed ? Array(tensor.shape.reversed()) : tensor.shape
      if !shape.isEmpty { shape[targetAxis] = list.flatMap(\.runs).reduce(0) { $0 + $1.count } }
      mapping.entries.append(
        .init(
          name: name, shape: shape, pieces: list.map { .init(source: index, runs: $0.runs) },
          isTransposed: isTransposed, axis: targetAxis, operation: operation))
      lines.append(
        .init(
          source: tensor.name, sourceShape: tensor.shape, target: name, targetShape: shape,
          operation: operation))
    }
  }

  private func operation(_ line: NameMapping, _ tensor: LogicalTensor, isTransposed: Bool, rows: Int) -> String {
    let operation = line.operation(isTransposed: isTransposed, isInterleaved: isInterleaved)
    guard tensor.role == .vocabulary, let size = source.vocabularySize, size < rows else { return operation }
    return "\(operation); rows from \(size) on are padding and dropped"
  }

  /// Whether rotary pairs lie side by side in the source, where the model has such.
  private var isInterleaved: Bool {
    source.arguments.boolean("rotary_interleaved") == true && names.modelType != "gpt2"
  }

  /// The first line of the table that a name matches.
  private func mapping(of name: String) throws(LoaderError) -> (NameMapping, [Int]) {
    let bytes = Array(name.utf8)
    for line in names.mappings {
      if let numbers = line.source.match(bytes) { return (line, numbers) }
    }
    throw LoaderError(
      .failedPrecondition,
      "names=hf: \(name.escaped) has no name in a Hugging Face \(names.modelType) checkpoint; use names=source")
  }

  // MARK: Rows

  private mutating func runs(
    _ line: NameMapping, rows: Int, of tensor: LogicalTensor
  ) throws(LoaderError) -> [[(source: Int, runs: [RowRun])]] {
    let key = RunKey(from: line.from, to: line.to, rows: rows)
    if let known = runs[key] { return known }
    let made: [[(source: Int, runs: [RowRun])]]
    if line.from == line.to {
      made = [[(0, [.whole(rows)])]]
    } else if line.to.isAttention {
      let numbers = try numbers(line, rows: rows, of: tensor)
      made = RowRun.runs(from: line.from.attention(numbers).interleaved(numbers), to: line.to.attention(numbers))
    } else {
      guard rows % 2 == 0 else { throw odd(tensor, "\(rows) rows are not gate and up") }
      made = RowRun.runs(from: line.from.projection(rows: rows), to: line.to.projection(rows: rows))
    }
    runs[key] = made
    return made
  }

  private func numbers(
    _ line: NameMapping, rows: Int, of tensor: LogicalTensor
  ) throws(LoaderError) -> RowOrder.Numbers {
    let geometry = source.context.geometry
    guard let heads = geometry.heads, let pairs = geometry.keyValueHeadCount else {
      guard !line.from.needsHeads, !line.to.needsHeads, !isInterleaved, rows % 3 == 0 else {
        throw LoaderError(
          .failedPrecondition,
          "names=hf: the order of the rows of \(tensor.name.escaped) depends on the number of attention heads, which nothing"
            + " says; put a config.json with num_attention_heads beside the checkpoint or in the manifest's assets folder"
        )
      }
      return RowOrder.Numbers(heads: 1, keyValueHeads: 1, headRows: rows / 3)
    }
    let all = heads + 2 * pairs
    guard rows % all == 0, heads % pairs == 0, line.from != .qkvRows || heads == pairs else {
      throw odd(tensor, "\(rows) rows are not \(heads) attention heads and \(pairs) key/value heads")
    }
    var numbers = RowOrder.Numbers(heads: heads, keyValueHeads: pairs, headRows: rows / all)
    if isInterleaved {
      let percent = source.arguments.number("rotary_percent") ?? 1
      guard percent >= 0, percent <= 1 else { throw odd(tensor, "args.rotary_percent is \(percent)") }
      numbers.interleavedRows = Int(Double(numbers.headRows) * percent) / 2 * 2
    }
    return numbers
  }

  private func odd(_ tensor: LogicalTensor, _ what: String) -> LoaderError {
    LoaderError(
      .failedPrecondition, "names=hf: \(tensor.name.escaped) of shape \(tensor.shape) has no mapping: \(what)")
  }

  // MARK: Tensors

  /// The mapped tensors, with the roles that the model's own family gives their names.
  func tensors(of sources: [LogicalTensor]) throws(LoaderError) -> [LogicalTensor] {
    var table = RoleTable(names.family, source.context)
    var tensors: [LogicalTensor] = []
    tensors.reserveCapacity(mapping.entries.count)
    for entry in mapping.entries {
      guard let first = entry.pieces.first.map({ sources[$0.source] }) else { continue }
      let found = table.entry(of: entry.name)
      var tensor = LogicalTensor(
        name: entry.name, dtype: first.dtype, shape: entry.shape, role: found?.role ?? .replicated,
        boxes: TensorMapping.boxes(of: entry) { sources[$0].boxes })
      tensor.layer = found?.layer
      tensor.expert = found?.expert
      if let found { tensor.isBeforeLayers = found.isBeforeLayers }
      tensor.replicas = replicas(entry, of: first)
      tensor.origin = .init(source: first.name, operation: entry.operation)
      guard first.dtype.byteSize != nil || entry.isIdentity else {
        throw odd(first, "\(first.dtype.rawValue) elements are only passed through whole")
      }
      tensors.append(tensor)
    }
    return tensors
  }

  /// The copies of each source rank, each mapped like the first.
  private func replicas(_ entry: TensorMapping.Entry, of first: LogicalTensor) -> [Box] {
    let copies = first.replicas.map { copy in TensorMapping.boxes(of: entry) { _ in [copy] } }
    return copies.allSatisfy { $0.count == 1 } ? copies.flatMap { $0 } : []
  }
}
