extension Role {
  /// The rule of this role for a whole tensor of a shape.
  /// - Throws: `AxisForm.Failure.malformed` where the shape contradicts the geometry.
  public func rule(shape: [Int], geometry: Geometry) throws(AxisForm.Failure) -> Rule {
    guard let axis = axis(rank: shape.count) else { return .replicated }
    return Rule(axis: axis, form: try form(axis: axis, shape: shape, geometry: geometry))
  }

  /// The axis that the role deals, of a tensor with that many axes; nil where every rank holds it whole.
  public func axis(rank: Int) -> Int? {
    guard rank > 0 else { return nil }
    switch self {
    case .replicated: return nil
    case .column, .vocabulary, .queryHeads, .keyValueHeads, .heads: return 0
    case .row, .inputScales: return rank >= 2 ? 1 : nil
    case .columnTransposed: return rank - 1
    case .rowTransposed: return rank >= 2 ? rank - 2 : nil
    case .fusedQKV(_, .first), .fusedColumns(_, .first): return 0
    case .fusedQKV(_, .last), .fusedColumns(_, .last): return rank - 1
    case .stackedExperts(let inner): return inner.axis(rank: rank - 1).map { $0 + 1 }
    case .blockwise(let inner, _): return inner.axis(rank: rank)
    case .blockScales(let inner, _, let weight): return weight.count == rank ? inner.axis(rank: rank) : nil
    }
  }

  /// How an axis of a whole tensor of a shape is dealt.
  private func form(axis: Int, shape: [Int], geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    let extent = shape[axis]
    switch self {
    case .replicated:
      return .whole
    case .column, .row, .columnTransposed, .rowTransposed:
      return .positions
    case .inputScales:
      return .units(length: 1, within: .whole)
    case .vocabulary:
      return .padded(multiple: geometry.vocabularyMultiple)
    case .queryHeads:
      let length = try headRows(extent, geometry.heads, geometry.headDimension, "attention heads")
      return .units(length: length, within: nil)
    case .keyValueHeads:
      let count = geometry.keyValueHeadCount
      return .units(length: try headRows(extent, count, geometry.headDimension, "key/value heads"), within: .whole)
    case .heads(let rows):
      return .units(length: try headRows(extent, geometry.heads, rows, "attention heads"), within: nil)
    case .fusedQKV(let order, _):
      return try order.form(extent: extent, geometry: geometry)
    case .fusedColumns(let count, _):
      guard count > 0, extent % count == 0 else {
        throw .malformed("\(extent) positions are not \(count) equal parts")
      }
      return .parts(Array(repeating: .init(extent: extent / count, form: .positions), count: count))
    case .stackedExperts(let inner):
      return try inner.form(axis: axis - 1, shape: Array(shape.dropFirst()), geometry: geometry)
    case .blockwise(let inner, let block):
      let form = try inner.form(axis: axis, shape: shape, geometry: geometry)
      return .aligned(block: block.length(axis: axis, rank: shape.count), form)
    case .blockScales(let inner, let block, let weight):
      let form = try inner.form(axis: axis, shape: weight, geometry: geometry)
      return .blocks(block: block.length(axis: axis, rank: weight.count), extent: weight[axis], form)
    }
  }
}

/// The length of a unit where `count` of them fill an axis; single positions where nobody said how many there are.
private func unit(of extent: Int, count: Int?, _ what: String) throws(AxisForm.Failure) -> Int {
  guard let count else { return 1 }
  guard count > 0, extent % count == 0 else { throw .malformed("\(extent) positions are not \(count) \(what)") }
  return max(extent / count, 1)
}

/// The rows of a head where `count` heads fill an axis, which must be the `rows` that the configuration says, if it does.
private func headRows(_ extent: Int, _ count: Int?, _ rows: Int?, _ what: String) throws(AxisForm.Failure) -> Int {
  let length = try unit(of: extent, count: count, what)
  if let count, let rows, length != rows {
    throw .malformed("\(extent) positions are not \(count) \(what) of \(rows)")
  }
  return length
}

extension Role.FusedOrder {
  fileprivate func form(extent: Int, geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    switch self {
    case .blocks: return try blocks(extent, geometry)
    case .heads:
      let rows = geometry.headDimension.map { $0.multipliedReportingOverflow(by: 3).partialValue }
      return .units(length: try headRows(extent, geometry.heads, rows, "heads of Q, K and V,"), within: nil)
    case .groups: return try groups(extent, geometry)
    case .groupsThenRows:
      return .units(length: try rowsOfGroup(extent, geometry), within: .positions)
    case .multiQuery: return try multiQuery(extent, geometry)
    }
  }

  private func blocks(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads, let pairs = geometry.keyValueHeadCount else {
      guard extent % 3 == 0 else { throw .malformed("\(extent) positions are not Q, K and V of equal size") }
      return .parts(Array(repeating: .init(extent: extent / 3, form: .positions), count: 3))
    }
    let count = try sum(heads, pairs, pairs)
    let head = try headRows(extent, count, geometry.headDimension, "heads of Q, K and V")
    let keyValue = AxisForm.Part(extent: pairs * head, form: .units(length: head, within: .whole))
    return .parts([.init(extent: heads * head, form: .units(length: head, within: nil)), keyValue, keyValue])
  }

  private func groups(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads, let groups = geometry.keyValueHeadCount, groups > 0, heads % groups == 0 else {
      throw .malformed("query groups need the number of attention heads and of key/value heads")
    }
    let length = try unit(of: extent, count: groups, "query groups")
    let queries = heads / groups
    let head = try headRows(length, try sum(queries, 1, 1), geometry.headDimension, "heads in a group")
    let one = AxisForm.Part(extent: head, form: .whole)
    let split = AxisForm.Part(extent: queries * head, form: .units(length: head, within: nil))
    return .units(length: length, within: .parts([split, one, one]))
  }

  private func multiQuery(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads else {
      throw .malformed("multi-query attention needs the number of attention heads")
    }
    let head = try headRows(extent, try sum(heads, 1, 1), geometry.headDimension, "heads of Q, K and V")
    let one = AxisForm.Part(extent: head, form: .whole)
    return .parts([.init(extent: heads * head, form: .units(length: head, within: nil)), one, one])
  }
}

/// The rows of a query group: its queries, a key and a value, each of a head's rows.
private func rowsOfGroup(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> Int {
  let length = try unit(of: extent, count: geometry.keyValueHeadCount, "query groups")
  guard let heads = geometry.heads, let groups = geometry.keyValueHeadCount else { return length }
  guard heads % groups == 0 else { throw .malformed("\(heads) attention heads are not \(groups) equal query groups") }
  _ = try headRows(length, try sum(heads / groups, 1, 1), geometry.headDimension, "heads in a group")
  return length
}

private func sum(_ numbers: Int...) throws(AxisForm.Failure) -> Int {
  var total = 0
  for number in numbers {
    let (next, overflow) = total.addingReportingOverflow(number)
    guard number > 0, !overflow, next <= Int(Int32.max) else { throw .malformed("\(number) heads") }
    total = next
  }
  return total
}
