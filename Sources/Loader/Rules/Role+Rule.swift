extension Role {
  /// The rule of this role for a whole tensor of a shape.
  /// - Throws: `AxisForm.Failure.malformed` where the shape contradicts the geometry.
  public func rule(shape: [Int], geometry: Geometry) throws(AxisForm.Failure) -> Rule {
    guard let axis = axis(rank: shape.count) else { return .replicated }
    return Rule(axis: axis, form: try form(extent: shape[axis], geometry: geometry))
  }

  /// The axis that the role deals, of a tensor with that many axes; nil where every rank holds it whole.
  public func axis(rank: Int) -> Int? {
    guard rank > 0 else { return nil }
    switch self {
    case .replicated: return nil
    case .column, .vocabulary, .queryHeads, .keyValueHeads, .fusedColumns: return 0
    case .row: return rank >= 2 ? 1 : nil
    case .columnTransposed: return rank - 1
    case .rowTransposed: return rank >= 2 ? rank - 2 : nil
    case .fusedQKV(_, .first): return 0
    case .fusedQKV(_, .last): return rank - 1
    case .stackedExperts(let inner): return inner.axis(rank: rank - 1).map { $0 + 1 }
    }
  }

  /// How the axis is dealt, given its positions in the whole tensor.
  public func form(extent: Int, geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    switch self {
    case .replicated:
      return .whole
    case .column, .row, .columnTransposed, .rowTransposed:
      return .positions
    case .vocabulary:
      return .padded(multiple: geometry.vocabularyMultiple)
    case .queryHeads:
      return .units(length: try unit(of: extent, count: geometry.heads, "attention heads"), within: nil)
    case .keyValueHeads:
      let length = try unit(of: extent, count: geometry.keyValueHeadCount, "key/value heads")
      return .units(length: length, within: .whole)
    case .fusedQKV(let order, _):
      return try order.form(extent: extent, geometry: geometry)
    case .fusedColumns(let count):
      guard count > 0, extent % count == 0 else {
        throw .malformed("\(extent) positions are not \(count) equal parts")
      }
      return .parts(Array(repeating: .init(extent: extent / count, form: .positions), count: count))
    case .stackedExperts(let inner):
      return try inner.form(extent: extent, geometry: geometry)
    }
  }
}

/// The length of a unit where `count` of them fill an axis; single positions where nobody said how many there are.
private func unit(of extent: Int, count: Int?, _ what: String) throws(AxisForm.Failure) -> Int {
  guard let count else { return 1 }
  guard count > 0, extent % count == 0 else { throw .malformed("\(extent) positions are not \(count) \(what)") }
  return max(extent / count, 1)
}

extension Role.FusedOrder {
  fileprivate func form(extent: Int, geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    switch self {
    case .blocks: return try blocks(extent, geometry)
    case .heads: return .units(length: try unit(of: extent, count: geometry.heads, "attention heads"), within: nil)
    case .groups: return try groups(extent, geometry)
    case .groupsThenRows:
      let length = try unit(of: extent, count: geometry.keyValueHeadCount, "query groups")
      return .units(length: length, within: .positions)
    case .multiQuery: return try multiQuery(extent, geometry)
    }
  }

  private func blocks(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads, let pairs = geometry.keyValueHeadCount else {
      guard extent % 3 == 0 else { throw .malformed("\(extent) positions are not Q, K and V of equal size") }
      return .parts(Array(repeating: .init(extent: extent / 3, form: .positions), count: 3))
    }
    let head = try unit(of: extent, count: try sum(heads, pairs, pairs), "heads of Q, K and V")
    let keyValue = AxisForm.Part(extent: pairs * head, form: .units(length: head, within: .whole))
    return .parts([.init(extent: heads * head, form: .units(length: head, within: nil)), keyValue, keyValue])
  }

  private func groups(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads, let groups = geometry.keyValueHeadCount, groups > 0, heads % groups == 0 else {
      throw .malformed("query groups need the number of attention heads and of key/value heads")
    }
    let length = try unit(of: extent, count: groups, "query groups")
    let queries = heads / groups
    let head = try unit(of: length, count: try sum(queries, 1, 1), "heads in a group")
    let one = AxisForm.Part(extent: head, form: .whole)
    let split = AxisForm.Part(extent: queries * head, form: .units(length: head, within: nil))
    return .units(length: length, within: .parts([split, one, one]))
  }

  private func multiQuery(_ extent: Int, _ geometry: Geometry) throws(AxisForm.Failure) -> AxisForm {
    guard let heads = geometry.heads else {
      throw .malformed("multi-query attention needs the number of attention heads")
    }
    let head = try unit(of: extent, count: try sum(heads, 1, 1), "heads of Q, K and V")
    let one = AxisForm.Part(extent: head, form: .whole)
    return .parts([.init(extent: heads * head, form: .units(length: head, within: nil)), one, one])
  }
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
