/// A set of byte positions, as ranges in order that do not touch.
struct ByteIntervals: Hashable, Sendable {
  /// The ranges.
  private(set) var ranges: [Range<UInt64>] = []

  /// Adds a range.
  mutating func insert(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    let first = index { $0.upperBound >= range.lowerBound }
    let last = index { $0.lowerBound > range.upperBound }
    var joined = range
    if first < last {
      joined =
        min(range.lowerBound, ranges[first].lowerBound)..<max(range.upperBound, ranges[last - 1].upperBound)
    }
    ranges.replaceSubrange(first..<last, with: [joined])
  }

  /// The positions of a range that are not in the set, in order.
  func missing(of range: Range<UInt64>) -> [Range<UInt64>] {
    var result: [Range<UInt64>] = []
    var position = range.lowerBound
    var index = index { $0.upperBound > range.lowerBound }
    while position < range.upperBound {
      guard index < ranges.count, ranges[index].lowerBound < range.upperBound else {
        result.append(position..<range.upperBound)
        break
      }
      if ranges[index].lowerBound > position { result.append(position..<ranges[index].lowerBound) }
      position = max(position, ranges[index].upperBound)
      index += 1
    }
    return result
  }

  /// Whether all of a range is in the set.
  func contains(_ range: Range<UInt64>) -> Bool { missing(of: range).isEmpty }

  /// Bytes in the set.
  var count: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

  /// The first range that a condition holds for, which holds for all after it.
  private func index(where holds: (Range<UInt64>) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
