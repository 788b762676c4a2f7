/// How the tensors of one state dict become those of another: rows in another order, several tensors of one, axes exchanged. No
/// value changes, so that the way back is a mapping too.
struct TensorMapping: Sendable, Hashable {
  /// The tensors that are made, in order.
  var entries: [Entry] = []

  /// A tensor that is made.
  struct Entry: Sendable, Hashable {
    /// Its name.
    let name: String
    /// Its shape.
    let shape: [Int]
    /// What it is made of.
    let pieces: [Piece]
    /// Whether the axes of a matrix are exchanged.
    let isTransposed: Bool
    /// Its output axis, along which rows are counted.
    let axis: Int
    /// What is done, in words.
    let operation: String

    /// Whether the tensor is another's, all of it, under a name of its own.
    var isIdentity: Bool {
      !isTransposed && pieces.count == 1 && pieces[0].runs.count == 1 && pieces[0].runs[0].isWhole
    }
  }

  /// What a tensor has of another.
  struct Piece: Sendable, Hashable {
    /// The index of the source's tensor.
    let source: Int
    /// The rows.
    let runs: [RowRun]
  }

  /// The way back, to tensors of these names and shapes.
  func inverted(_ sources: [(name: String, shape: [Int])]) -> TensorMapping {
    var pieces: [[Piece]] = Array(repeating: [], count: sources.count)
    var isTransposed = Array(repeating: false, count: sources.count)
    var axes = Array(repeating: 0, count: sources.count)
    for (index, entry) in entries.enumerated() {
      for piece in entry.pieces {
        pieces[piece.source].append(Piece(source: index, runs: piece.runs.map(\.inverted)))
        isTransposed[piece.source] = entry.isTransposed
        let rank = sources[piece.source].shape.count
        axes[piece.source] = entry.isTransposed && rank == 2 ? 1 - entry.axis : entry.axis
      }
    }
    var inverse = TensorMapping()
    for (index, source) in sources.enumerated() where !pieces[index].isEmpty {
      inverse.entries.append(
        Entry(
          name: source.name, shape: source.shape, pieces: pieces[index], isTransposed: isTransposed[index],
          axis: axes[index], operation: "the way back"))
    }
    return inverse
  }

  /// The blocks of a tensor that is made, of those of the sources' tensors.
  static func boxes(of entry: Entry, from blocks: (_ source: Int) -> [Box]) -> [Box] {
    var boxes: [Box] = []
    for piece in entry.pieces {
      let source = blocks(piece.source)
      guard !entry.shape.isEmpty else {
        boxes += source
        continue
      }
      let axis = entry.isTransposed && entry.shape.count == 2 ? 1 - entry.axis : entry.axis
      for run in piece.runs {
        for box in source { boxes += box.rows(run, axis: axis) }
      }
    }
    guard entry.isTransposed, entry.shape.count == 2 else { return boxes }
    return boxes.map(\.transposed)
  }
}

extension Box {
  /// What the block has of a run of rows, at their places in the tensor that is made.
  func rows(_ run: RowRun, axis: Int) -> [Box] {
    let first = origin[axis]
    let end = first + shape[axis]
    // The run's indices whose rows the block has.
    let low = max((first - run.sourceStart + run.sourceStep - 1) / run.sourceStep, 0)
    let high = min((end - run.sourceStart + run.sourceStep - 1) / run.sourceStep, run.count)
    guard end > run.sourceStart, low < high else { return [] }
    var box = self
    box.offset += (run.sourceStart + low * run.sourceStep - first) * strides[axis]
    if run.targetStep == 1 {
      box.strides[axis] *= run.sourceStep
      box.origin[axis] = run.targetStart + low
      box.shape[axis] = high - low
      return [box]
    }
    return (0..<high - low).map { index in
      var row = box
      row.offset += index * run.sourceStep * strides[axis]
      row.origin[axis] = run.targetStart + (low + index) * run.targetStep
      row.shape[axis] = 1
      return row
    }
  }

  /// The same block of the tensor whose two axes are exchanged.
  var transposed: Box {
    var box = self
    box.origin.reverse()
    box.shape.reverse()
    box.strides.reverse()
    return box
  }
}
