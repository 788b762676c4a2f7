extension Role {
  /// The positions of the whole axis of which rank 0 of a source holds a shard; nil where only the sum of the shards can tell.
  ///
  /// A form of heads is linear in the rows of a head, so what rank 0 holds of heads of one row tells how many rows its shard's have.
  func wholeExtent(axis: Int, ofShard shape: [Int], mp: Int, geometry: Geometry) -> Int? {
    if case .blockScales(_, let block, let weight) = self { return block.scaleShape(of: weight)?[axis] }
    guard let heads = headCount(geometry) else { return nil }
    var single = geometry
    single.headDimension = nil
    single.latentValueRows = nil
    var unit = shape
    unit[axis] = heads
    guard let form = try? withoutBlocks.rule(shape: unit, geometry: single).form,
      let held = try? form.held(rank: 0, mp: mp, extent: heads).extent, held > 0, shape[axis] % held == 0
    else { return nil }
    let (extent, overflow) = heads.multipliedReportingOverflow(by: shape[axis] / held)
    return overflow ? nil : extent
  }

  /// The role, its blocks and the rows of its heads apart.
  private var withoutBlocks: Role {
    switch self {
    case .blockwise(let inner, _): inner.withoutBlocks
    case .heads: .heads(rows: nil)
    default: self
    }
  }

  /// The heads along the axis, keys and values among them; nil where the role counts none, or nothing says how many.
  private func headCount(_ geometry: Geometry) -> Int? {
    guard let heads = geometry.heads, let pairs = geometry.keyValueHeadCount else { return nil }
    switch self {
    case .queryHeads, .heads: return heads
    case .keyValueHeads: return pairs
    case .fusedQKV(.heads, _): return heads.multipliedReportingOverflow(by: 3).partialValue
    case .fusedQKV(.multiQuery, _): return heads.addingReportingOverflow(2).partialValue
    case .fusedQKV: return heads.addingReportingOverflow(pairs).partialValue.addingReportingOverflow(pairs).partialValue
    case .blockwise(let inner, _): return inner.headCount(geometry)
    case .stackedExperts(let inner): return inner.headCount(geometry)
    case .replicated, .column, .row, .columnTransposed, .rowTransposed, .vocabulary, .fusedColumns, .inputScales,
      .blockScales:
      return nil
    }
  }
}
