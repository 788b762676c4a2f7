/// A set of byte positions, as ranges that neither touch nor overlap, in order.
package struct ByteRangeSet: Hashable, Sendable {
  /// The ranges.
  package private(set) var ranges: [Range<Int>] = []

  /// The empty set.
  package init() {}

  /// Adds all positions of a range.
  package mutating func insert(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let first = ranges.firstIndex { $0.upperBound >= range.lowerBound } ?? ranges.endIndex
    var last = first
    var merged = range
    while last < ranges.endIndex, ranges[last].lowerBound <= range.upperBound {
      merged = min(merged.lowerBound, ranges[last].lowerBound)..<max(merged.upperBound, ranges[last].upperBound)
      last += 1
    }
    ranges.replaceSubrange(first..<last, with: CollectionOfOne(merged))
  }

  /// The end of what is there without a gap from a position on: the position itself where that is not there.
  package func end(from position: Int) -> Int {
    ranges.first { $0.contains(position) }?.upperBound ?? position
  }

  /// What of a range is not there.
  package func missing(from range: Range<Int>) -> [Range<Int>] {
    var missing: [Range<Int>] = []
    var position = range.lowerBound
    for present in ranges where present.upperBound > range.lowerBound && present.lowerBound < range.upperBound {
      if present.lowerBound > position { missing.append(position..<present.lowerBound) }
      position = present.upperBound
    }
    if position < range.upperBound { missing.append(position..<range.upperBound) }
    return missing
  }
}
