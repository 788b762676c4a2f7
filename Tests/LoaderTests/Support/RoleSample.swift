import Loader
import TestSupport

/// A role, the geometry and a whole shape that it fits, and degrees to which it can mostly be dealt.
struct RoleSample {
  let role: Role
  let geometry: Geometry
  let shape: [Int]
  /// Three degrees.
  let degrees: [Int]
  let dtype: DType

  init(seed: Int) {
    var random = SeededGenerator(seed: seed)
    degrees = random.one(of: [
      [1, 2, 4], [2, 4, 1], [4, 2, 8], [2, 3, 6], [3, 1, 2], [6, 4, 3], [1, 6, 2], [8, 4, 2], [2, 1, 3], [4, 6, 12],
    ])
    let base = degrees.reduce(1) { RoleSample.leastCommonMultiple($0, $1) }
    var geometry = Geometry()
    let dimension = random.number(1...3)
    let heads = base * random.number(1...2)
    geometry.heads = heads
    let pairs = random.one(of: [heads, base, 1, degrees[0], 2].filter { heads % $0 == 0 })
    if pairs != heads || random.chance(in: 2) { geometry.keyValueHeads = pairs }
    if random.chance(in: 2) { geometry.headDimension = dimension }
    role = RoleSample.role(&random, dimension)
    let extent = RoleSample.extent(of: role, heads: heads, pairs: pairs, dimension: dimension, base: base, &random)
    self.geometry = geometry
    shape = RoleSample.wholeShape(role, extent, &random)
    dtype = random.one(of: [DType.u8, .bf16, .f32, .i64])
  }

  private static func role(_ random: inout SeededGenerator, _ dimension: Int) -> Role {
    let axis = random.one(of: [Role.FusedAxis.first, .last])
    let order = random.one(of: [Role.FusedOrder.blocks, .heads, .groups, .groupsThenRows, .multiQuery])
    let role = random.one(of: [
      Role.replicated, .column, .row, .columnTransposed, .rowTransposed, .vocabulary, .queryHeads, .keyValueHeads,
      .heads(rows: dimension), .fusedQKV(order, axis), .fusedQKV(order, .first),
      .fusedColumns(random.number(1...3), axis),
    ])
    return random.chance(in: 6) ? .stackedExperts(role) : role
  }

  /// Positions of the axis that the role deals.
  private static func extent(
    of role: Role, heads: Int, pairs: Int, dimension: Int, base: Int, _ random: inout SeededGenerator
  ) -> Int {
    switch role {
    case .queryHeads, .heads: heads * dimension
    case .keyValueHeads: pairs * dimension
    case .fusedQKV(.blocks, _), .fusedQKV(.groups, _), .fusedQKV(.groupsThenRows, _): (heads + 2 * pairs) * dimension
    case .fusedQKV(.heads, _): 3 * heads * dimension
    case .fusedQKV(.multiQuery, _): (heads + 2) * dimension
    case .fusedColumns(let count, _): count * base * random.number(1...2)
    case .stackedExperts(let inner):
      extent(of: inner, heads: heads, pairs: pairs, dimension: dimension, base: base, &random)
    default: base * random.number(1...2)
    }
  }

  private static func wholeShape(_ role: Role, _ extent: Int, _ random: inout SeededGenerator) -> [Int] {
    if case .stackedExperts(let inner) = role { return [random.number(1...3)] + wholeShape(inner, extent, &random) }
    let rank = random.number(1...3)
    var shape = (0..<rank).map { _ in random.number(1...4) }
    if let axis = role.axis(rank: rank) { shape[axis] = extent }
    return shape
  }

  static func leastCommonMultiple(_ one: Int, _ other: Int) -> Int {
    var (low, high) = (one, other)
    while low != 0 { (low, high) = (high % low, low) }
    return one / high * other
  }
}
