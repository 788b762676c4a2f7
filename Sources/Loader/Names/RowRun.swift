/// Rows of one tensor, at a regular distance, that are rows of another, at a regular distance.
struct RowRun: Hashable, Sendable {
  /// The first row in the source.
  var sourceStart: Int
  /// From a row to the next there.
  var sourceStep: Int
  /// The first row in the target.
  var targetStart: Int
  /// From a row to the next there.
  var targetStep: Int
  /// How many.
  var count: Int

  /// All rows, where they lie.
  static func whole(_ count: Int) -> RowRun {
    RowRun(sourceStart: 0, sourceStep: 1, targetStart: 0, targetStep: 1, count: count)
  }

  /// Whether rows lie where they lay.
  var isWhole: Bool { sourceStart == 0 && targetStart == 0 && sourceStep == 1 && targetStep == 1 }

  /// The way back.
  var inverted: RowRun {
    RowRun(
      sourceStart: targetStart, sourceStep: targetStep, targetStart: sourceStart, targetStep: sourceStep, count: count)
  }

  /// Both, where the other goes on as this one ends.
  private func joined(with next: RowRun) -> RowRun? {
    guard sourceStep == next.sourceStep, targetStep == next.targetStep,
      sourceStart + count * sourceStep == next.sourceStart, targetStart + count * targetStep == next.targetStart
    else { return nil }
    var joined = self
    joined.count += next.count
    return joined
  }

  /// How the rows of some tensors in one order lie in tensors of another order of the same parts: for each target tensor, for each
  /// source tensor that it has rows of, the runs in the target's order.
  static func runs(
    from source: [RowOrder.Stretch], to target: [RowOrder.Stretch]
  ) -> [[(source: Int, runs: [RowRun])]] {
    let bySource = Dictionary(grouping: source, by: \.part).mapValues { $0.sorted { $0.partStart < $1.partStart } }
    let count = (target.map(\.tensor).max() ?? -1) + 1
    var result: [[(source: Int, runs: [RowRun])]] = Array(repeating: [], count: count)
    for wanted in target.sorted(by: { ($0.tensor, $0.start) < ($1.tensor, $1.start) }) {
      let end = wanted.partStart + wanted.count
      for held in bySource[wanted.part] ?? [] {
        let low = max(wanted.partStart, held.partStart)
        let high = min(end, held.partStart + held.count)
        guard low < high else { continue }
        let run = RowRun(
          sourceStart: held.start + (low - held.partStart) * held.step, sourceStep: held.step,
          targetStart: wanted.start + (low - wanted.partStart) * wanted.step, targetStep: wanted.step,
          count: high - low)
        append(run, of: held.tensor, to: &result[wanted.tensor])
      }
    }
    return result
  }

  private static func append(_ run: RowRun, of source: Int, to list: inout [(source: Int, runs: [RowRun])]) {
    guard let index = list.firstIndex(where: { $0.source == source }) else {
      list.append((source, [run]))
      return
    }
    if let joined = list[index].runs.last?.joined(with: run) {
      list[index].runs[list[index].runs.count - 1] = joined
    } else {
      list[index].runs.append(run)
    }
  }
}
