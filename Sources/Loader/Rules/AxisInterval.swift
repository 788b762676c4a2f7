/// A run of positions of a whole axis, or of zeros that stand where no position is.
public struct AxisInterval: Sendable, Hashable {
  /// The first position; nil for zeros.
  public let start: Int?
  /// How many positions.
  public let count: Int

  /// Positions `start ..< start + count`.
  public init(start: Int, count: Int) {
    self.start = start
    self.count = count
  }

  /// Padding.
  public init(zeros count: Int) {
    start = nil
    self.count = count
  }
}

extension [AxisInterval] {
  /// Adds an interval, joined to the last where it continues it.
  mutating func append(joining interval: AxisInterval) {
    if interval.count == 0 { return }
    guard let last else {
      append(interval)
      return
    }
    switch (last.start, interval.start) {
    case (nil, nil):
      self[count - 1] = AxisInterval(zeros: last.count + interval.count)
    case (let start?, let next?) where start + last.count == next:
      self[count - 1] = AxisInterval(start: start, count: last.count + interval.count)
    default:
      append(interval)
    }
  }

  /// Positions in all.
  public var extent: Int { reduce(0) { $0 + $1.count } }

  /// What is left of the intervals at `range` of their concatenation.
  public func slice(_ range: Range<Int>) -> [AxisInterval] {
    var result: [AxisInterval] = []
    var position = 0
    for interval in self {
      let low = Swift.max(range.lowerBound, position)
      let high = Swift.min(range.upperBound, position + interval.count)
      if low < high {
        let piece =
          interval.start.map { AxisInterval(start: $0 + low - position, count: high - low) }
          ?? AxisInterval(zeros: high - low)
        result.append(joining: piece)
      }
      position += interval.count
    }
    return result
  }
}
