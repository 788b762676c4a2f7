/// How one axis of a whole tensor is dealt to the ranks of a tensor-parallel group: the algebra that both the source's layout
/// and the target's are written in.
///
/// A form is a function `held(rank, mp) -> ordered intervals of the whole axis`. Source rank s holds known intervals, a target
/// rank wants known intervals: what DeepSpeed calls same, split and merge is their intersection, at any two degrees.
public indirect enum AxisForm: Sendable, Hashable {
  /// Every rank holds the whole axis.
  case whole
  /// The axis is a row of units of `length` positions, which go whole to the ranks in order, equally many to each. Where there
  /// are fewer units than ranks, unit u belongs to mp / units consecutive ranks, which hold it as `within` says: all of it
  /// (`whole`: a key/value head repeated), a piece of its queries, or plain rows. With no `within`, that is refused.
  case units(length: Int, within: AxisForm?)
  /// The axis is a concatenation, each part dealt by a form of its own: Q, K and V, or gate and up.
  case parts([Part])
  /// The axis is `count` groups in a row, each dealt by the same form.
  case each(count: Int, AxisForm)
  /// Positions go to the ranks in order, after zeros were added up to a multiple of `multiple` · mp: a vocabulary.
  case padded(multiple: Int)
  /// Every rank holds these positions and no other: the experts of one expert-parallel rank.
  case section(start: Int, count: Int)
  /// The inner form, where it cuts at multiples of `block` only (or at the axis' end): a weight whose blocks share a scale.
  case aligned(block: Int, AxisForm)
  /// The axis has a position for each block of `block` positions of an axis of `extent`, dealt with them by the inner form, which
  /// cuts between blocks: those scales.
  case blocks(block: Int, extent: Int, AxisForm)

  /// A part of a concatenation.
  public struct Part: Sendable, Hashable {
    /// Positions of the axis that it takes.
    public let extent: Int
    /// How they are dealt.
    public let form: AxisForm

    /// A part of `extent` positions.
    public init(extent: Int, form: AxisForm) {
      self.extent = extent
      self.form = form
    }
  }

  /// Single positions, dealt in order, equally many to each rank.
  public static let positions = AxisForm.units(length: 1, within: nil)

  /// Why a form cannot deal an axis to that many ranks.
  public enum Failure: Error, Hashable, Sendable {
    /// `count` units of `length` positions do not deal evenly to mp ranks.
    case indivisible(count: Int, length: Int)
    /// The axis is not what the form describes.
    case malformed(String)
  }

  /// The intervals of the whole axis that a rank holds, in the order in which it holds them, neighbours joined.
  /// - Parameters:
  ///   - extent: positions of the whole axis, padding apart.
  public func held(rank: Int, mp: Int, extent: Int) throws(Failure) -> [AxisInterval] {
    guard mp > 0, rank >= 0, rank < mp, extent >= 0 else { throw .malformed("rank \(rank) of \(mp)") }
    var result: [AxisInterval] = []
    try appendHeld(rank: rank, mp: mp, start: 0, extent: extent, to: &result)
    return result
  }

  private func appendHeld(
    rank: Int, mp: Int, start: Int, extent: Int, to result: inout [AxisInterval]
  ) throws(Failure) {
    switch self {
    case .whole:
      result.append(joining: AxisInterval(start: start, count: extent))
    case .units(let length, let within):
      try appendUnits(length, within, rank: rank, mp: mp, start: start, extent: extent, to: &result)
    case .parts(let parts):
      var position = 0
      for part in parts {
        guard part.extent >= 0, part.extent <= extent - position else {
          throw .malformed("its parts need more than its \(extent) positions")
        }
        try part.form.appendHeld(rank: rank, mp: mp, start: start + position, extent: part.extent, to: &result)
        position += part.extent
      }
      guard position == extent else { throw .malformed("its parts have \(position) positions, not \(extent)") }
    case .each(let count, let form):
      guard count > 0, extent % count == 0 else { throw .malformed("\(extent) positions are not \(count) groups") }
      let length = extent / count
      for group in 0..<count {
        try form.appendHeld(rank: rank, mp: mp, start: start + group * length, extent: length, to: &result)
      }
    case .padded(let multiple):
      try appendPadded(multiple, rank: rank, mp: mp, start: start, extent: extent, to: &result)
    case .section(let first, let count):
      guard first >= 0, count >= 0, first <= extent - count else {
        throw .malformed("it has no \(count) from \(first)")
      }
      result.append(joining: AxisInterval(start: start + first, count: count))
    case .aligned(let block, let form):
      for interval in try form.aligned(to: block, rank: rank, mp: mp, extent: extent) {
        result.append(
          joining: interval.start.map { AxisInterval(start: start + $0, count: interval.count) } ?? interval)
      }
    case .blocks(let block, let fine, let form):
      for interval in try form.aligned(to: block, rank: rank, mp: mp, extent: fine) {
        let count = (interval.count + block - 1) / block
        result.append(
          joining: interval.start.map { AxisInterval(start: start + $0 / block, count: count) }
            ?? AxisInterval(zeros: count))
      }
      guard extent == (fine + block - 1) / block else {
        throw .malformed("\(extent) positions are not the blocks of \(block) of \(fine)")
      }
    }
  }

  /// What a rank holds, where that begins and ends between blocks. Shares are equal, so the first rank's tells for all: where it
  /// has none, nobody does.
  private func aligned(to block: Int, rank: Int, mp: Int, extent: Int) throws(Failure) -> [AxisInterval] {
    if rank > 0 { _ = try aligned(to: block, rank: 0, mp: mp, extent: extent) }
    guard block > 0, extent >= 0, extent <= Int(Int32.max) else { throw .malformed("blocks of \(block)") }
    let intervals = try held(rank: rank, mp: mp, extent: extent)
    for interval in intervals {
      let end = (interval.start ?? 0) + interval.count
      guard (interval.start ?? 0) % block == 0, end % block == 0 || end == extent else {
        throw .indivisible(count: (extent + block - 1) / block, length: block)
      }
    }
    return intervals
  }

  private func appendUnits(
    _ length: Int, _ within: AxisForm?, rank: Int, mp: Int, start: Int, extent: Int, to result: inout [AxisInterval]
  ) throws(Failure) {
    guard length > 0, extent % length == 0 else {
      throw .malformed("\(extent) positions are not whole units of \(length)")
    }
    let count = extent / length
    if count % mp == 0 {
      let share = count / mp * length
      result.append(joining: AxisInterval(start: start + rank * share, count: share))
    } else if let within, mp % count == 0 {
      let sharers = mp / count
      let unit = start + rank / sharers * length
      try within.appendHeld(rank: rank % sharers, mp: sharers, start: unit, extent: length, to: &result)
    } else {
      throw .indivisible(count: count, length: length)
    }
  }

  private func appendPadded(
    _ multiple: Int, rank: Int, mp: Int, start: Int, extent: Int, to result: inout [AxisInterval]
  ) throws(Failure) {
    let (step, overflow) = mp.multipliedReportingOverflow(by: multiple)
    guard multiple > 0, !overflow, step <= Int(Int32.max) else { throw .malformed("a multiple of \(multiple)") }
    let share = (extent + step - 1) / step * multiple
    let first = rank * share
    let real = min(max(extent - first, 0), share)
    if real > 0 { result.append(joining: AxisInterval(start: start + first, count: real)) }
    if share > real { result.append(joining: AxisInterval(zeros: share - real)) }
  }

  /// A degree above which the axis cannot be dealt; nil where the form has none.
  func largestDegree(extent: Int) -> Int? {
    switch self {
    case .units(let length, nil) where length > 0: return extent > 0 ? extent / length : nil
    case .parts(let parts): return parts.compactMap { $0.form.largestDegree(extent: $0.extent) }.min()
    case .aligned(_, let form): return form.largestDegree(extent: extent)
    case .blocks(_, let fine, let form): return form.largestDegree(extent: fine)
    case .whole, .section, .units, .each, .padded: return nil
    }
  }

  /// Whether the axis can be dealt to that many ranks.
  public func allows(mp: Int, extent: Int) -> Bool {
    (try? held(rank: 0, mp: mp, extent: extent)) != nil
  }
}
