/// Segments in a row, and where each begins.
public struct SegmentList: Sendable, Hashable {
  /// The segments, in order.
  public let segments: [Segment]
  /// Where each begins.
  public let starts: [Int]
  /// Bytes of all.
  public let count: Int

  init(_ segments: [Segment]) {
    self.segments = segments
    var position = 0
    starts = segments.map { segment in
      defer { position += segment.count }
      return position
    }
    count = position
  }

  /// The index of the segment that holds a byte.
  func index(at offset: Int) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }
}
