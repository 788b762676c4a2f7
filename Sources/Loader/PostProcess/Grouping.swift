/// How many groups a tensor's values are quantized in: `groups`, `group_size` and `mlp_extra_grouping`.
struct Grouping: Sendable, Hashable {
  /// What was asked for.
  let amount: Amount
  /// Whether groups double by DeepSpeed's test of the shape.
  let isExtra: Bool
  /// The degree, on which that test depends.
  let mp: Int

  /// What is fixed.
  enum Amount: Sendable, Hashable {
    /// Groups of a tensor.
    case groups(Int)
    /// Values of a group.
    case size(Int)
  }

  /// The groups of a tensor.
  /// - Parameter all: every tensor of the partition that is quantized, for which the numbers in the message hold.
  /// - Throws: `failedPrecondition` where they do not divide it evenly, with numbers that would.
  func groups(
    of tensor: PostProcessInput, count: Int, among all: [PostProcessInput]
  ) throws(LoaderError) -> Int {
    let factor = factor(of: tensor.shape)
    switch amount {
    case .groups(let groups):
      let (total, overflow) = groups.multipliedReportingOverflow(by: factor)
      guard !overflow, count % total == 0 else {
        throw indivisible(tensor, count, "groups", groups, fitting: divisors(of: all, near: groups, step: 1))
      }
      return total
    case .size(let size):
      guard count % size == 0, size % factor == 0 else {
        let step = all.map { self.factor(of: $0.shape) }.max() ?? 1
        throw indivisible(tensor, count, "group_size", size, fitting: divisors(of: all, near: size, step: step))
      }
      return count / size * factor
    }
  }

  private func indivisible(
    _ tensor: PostProcessInput, _ count: Int, _ name: String, _ asked: Int, fitting: [Int]
  ) -> LoaderError {
    let doubled = factor(of: tensor.shape) == 2 ? ", doubled by mlp_extra_grouping," : ""
    return LoaderError(
      .failedPrecondition,
      "\(name)=\(asked)\(doubled) does not divide the \(count) values that a rank holds of \(tensor.name.escaped)"
        + (fitting.isEmpty ? "" : "; \(name) that divide all: \(fitting.map(String.init).joined(separator: ", "))"))
  }

  /// By how much groups are multiplied.
  private func factor(of shape: [Int]) -> Int { isExtra && isExpanding(shape) ? 2 : 1 }

  /// Whether a matrix is the expansion or the contraction of an MLP, judged by its shape, as DeepSpeed does.
  ///
  /// Source: DeepSpeed `runtime/weight_quantizer.py`, `WeightQuantization.is_mlp`.
  private func isExpanding(_ shape: [Int]) -> Bool {
    guard shape.count >= 2 else { return false }
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    return isFourTimes(rows, columns) || isFourTimes(columns, rows)
  }

  private func isFourTimes(_ one: Int, _ other: Int) -> Bool {
    let (left, leftOverflow) = one.multipliedReportingOverflow(by: mp)
    let (right, rightOverflow) = other.multipliedReportingOverflow(by: 4)
    return !leftOverflow && !rightOverflow && left == right
  }

  /// The numbers nearest to a wanted one that divide every tensor as its groups or as their size, by size.
  /// - Parameter step: what they are multiples of.
  private func divisors(of tensors: [PostProcessInput], near wanted: Int, step: Int) -> [Int] {
    var common = 0
    for tensor in tensors {
      let count = tensor.count ?? 0
      let factor = max(factor(of: tensor.shape), step)
      guard count % factor == 0 else { return [] }
      common = Grouping.greatestCommonDivisor(common, count / factor)
    }
    // Nearness is a matter of ratio: 32 and 128 are as near to 64.
    func distance(_ divisor: Int) -> Int {
      let (low, high) = (min(divisor, wanted), max(divisor, wanted))
      return high.multipliedReportingOverflow(by: 1024).partialValue / max(low, 1)
    }
    let all = Grouping.divisors(of: common).map { $0 * step }
    return all.sorted { (distance($0), $0) < (distance($1), $1) }.prefix(8).sorted()
  }

  private static func divisors(of count: Int) -> Set<Int> {
    guard count > 0 else { return [] }
    var all: Set<Int> = []
    var divisor = 1
    while divisor <= count / divisor, divisor <= 1 << 20 {
      if count % divisor == 0 { all.formUnion([divisor, count / divisor]) }
      divisor += 1
    }
    return all
  }

  private static func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
    var (low, high) = (one, other)
    while low != 0 { (low, high) = (high % low, low) }
    return high
  }
}
