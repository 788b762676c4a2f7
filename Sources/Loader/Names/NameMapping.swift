/// Which tensors of a Hugging Face checkpoint a source's tensor becomes: a line of a family's table.
struct NameMapping: Sendable {
  /// The names in the source; a `#` is a layer's number, a second one an expert's.
  let source: NamePattern
  /// The names of what becomes of it, a `#` for each of the pattern's numbers in turn; one `=` for the source's own name.
  let targets: [String]
  /// The order of the rows in the source.
  let from: RowOrder
  /// The order of the rows in the targets.
  let to: RowOrder
  /// How the source keeps matrices.
  let sourceLayout: MatrixLayout
  /// How the targets keep matrices.
  let targetLayout: MatrixLayout
  /// Why nothing becomes of it, where nothing does.
  let omission: String?

  /// Which axis of a matrix is the output.
  enum MatrixLayout: Sendable, Hashable {
    /// `[out, in]`, as `nn.Linear` keeps it.
    case outputFirst
    /// `[in, out]`, as GPT-2's `Conv1D` keeps it, and DeepSpeed's injected modules.
    case inputFirst

    /// The output axis of a tensor of that many axes.
    func outputAxis(rank: Int) -> Int { self == .inputFirst && rank >= 2 ? rank - 1 : 0 }
  }

  /// Tensors of one name that keep their rows' order.
  init(
    _ source: String, _ target: String, from sourceLayout: MatrixLayout = .outputFirst,
    to targetLayout: MatrixLayout = .outputFirst
  ) {
    self.init(source, [target], rows: .single, as: .single, from: sourceLayout, to: targetLayout)
  }

  /// Tensors whose rows come in another order, or in several tensors.
  init(
    _ source: String, _ targets: [String], rows from: RowOrder, as to: RowOrder,
    from sourceLayout: MatrixLayout = .outputFirst, to targetLayout: MatrixLayout = .outputFirst
  ) {
    self.source = NamePattern(source) ?? NamePattern.nothing
    self.targets = targets
    self.from = from
    self.to = to
    self.sourceLayout = sourceLayout
    self.targetLayout = targetLayout
    omission = nil
  }

  /// Tensors that the Hugging Face checkpoint has no use for.
  init(_ source: String, omitted reason: String) {
    self.source = NamePattern(source) ?? NamePattern.nothing
    targets = []
    from = .single
    to = .single
    sourceLayout = .outputFirst
    targetLayout = .outputFirst
    omission = reason
  }

  /// The same for a weight and a bias: `.weight` and `.bias` are put behind the names of both sides.
  static func both(
    _ source: String, _ target: String, from sourceLayout: MatrixLayout = .outputFirst,
    to targetLayout: MatrixLayout = .outputFirst
  ) -> [NameMapping] {
    both(source, [target], rows: .single, as: .single, from: sourceLayout, to: targetLayout)
  }

  /// The same for a weight and a bias whose rows come in another order.
  static func both(
    _ source: String, _ targets: [String], rows from: RowOrder, as to: RowOrder,
    from sourceLayout: MatrixLayout = .outputFirst, to targetLayout: MatrixLayout = .outputFirst
  ) -> [NameMapping] {
    [".weight", ".bias"].map { end in
      NameMapping(
        source + end, targets.map { $0 + end }, rows: from, as: to, from: sourceLayout, to: targetLayout)
    }
  }

  /// The names of what becomes of a tensor of a name, whose numbers are these.
  func targets(of name: String, numbers: [Int]) -> [String] {
    if targets == ["="] { return [name] }
    return targets.map { template in
      var result = ""
      var rest = numbers[...]
      for character in template {
        if character == "#", let number = rest.popFirst() {
          result += String(number)
        } else {
          result.append(character)
        }
      }
      return result
    }
  }

  /// What is done to the rows and axes, in words.
  /// - Parameters:
  ///   - isTransposed: whether it is a matrix whose axes are exchanged.
  ///   - isInterleaved: whether rotary pairs lie side by side in the source.
  func operation(isTransposed: Bool, isInterleaved: Bool) -> String {
    if let omission { return "left out: \(omission)" }
    var steps: [String] = []
    switch (from, to) {
    case (.single, _): break
    case (_, .qkvApart): steps.append("queries, keys and values apart")
    case (.qkvBlocks, .qkvBlocks), (.qkvHeads, .qkvHeads): break
    case (_, .qkvBlocks): steps.append("rows to queries | keys | values")
    case (_, .qkvHeads): steps.append("rows to a query, a key, a value a head")
    case (_, .gateUpApart): steps.append("gate and up apart")
    default: steps.append("rows in another order")
    }
    if isInterleaved, from != .single, from.isAttention { steps.append("rotary pairs from side by side to halves") }
    if isTransposed { steps.append("transposed") }
    return steps.isEmpty ? "as it is" : steps.joined(separator: ", ")
  }
}
