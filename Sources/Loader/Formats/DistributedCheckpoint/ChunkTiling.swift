/// Whether boxes tile a box exactly: every element in one of them, none in two.
struct ChunkTiling {
  /// A part of a tensor.
  struct Box: Hashable, Sendable {
    /// The first index along each axis.
    let offsets: [Int]
    /// The extent along each axis.
    let sizes: [Int]

    fileprivate func end(_ axis: Int) -> Int { offsets[axis] + sizes[axis] }

    fileprivate func overlaps(_ other: Box) -> Bool {
      for axis in offsets.indices
      where offsets[axis] >= other.end(axis) || other.offsets[axis] >= end(axis) {
        return false
      }
      return true
    }
  }

  /// Why boxes are no tiling.
  enum Flaw: Error, Hashable, Sendable {
    /// A box is not inside the whole, or has another number of axes.
    case outside(Box)
    /// Two boxes share elements.
    case overlap(Box, Box)
    /// The boxes hold so many elements of so many.
    case gap(held: Int, of: Int)
    /// The boxes lie so irregularly that checking them would take too long.
    case irregular
  }

  /// Most steps of work: far more than any regular sharding takes.
  static let workLimit = 20_000_000

  private let shape: [Int]
  private let boxes: [Box]
  private var work = 0

  /// Checks the boxes, of which those without elements do not matter.
  /// - Parameter shape: the extents of the whole, whose elements can be counted.
  static func check(_ boxes: [Box], tile shape: [Int]) throws(Flaw) {
    var held = 0
    for box in boxes {
      guard let count = box.count(in: shape) else { throw .outside(box) }
      let (sum, overflow) = held.addingReportingOverflow(count)
      if overflow { throw .overlap(box, box) }
      held = sum
    }
    let whole = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    var tiling = ChunkTiling(shape: shape, boxes: boxes.filter { !$0.sizes.contains(0) })
    try tiling.checkOverlaps()
    // Inside, apart from each other and as many elements as the whole: none is missing.
    guard held == whole else { throw .gap(held: held, of: whole) }
  }

  private init(shape: [Int], boxes: [Box]) {
    self.shape = shape
    self.boxes = boxes
  }

  /// Cuts the boxes into groups by planes that go through none of them, along one axis after the other; what no plane cuts is
  /// compared pair by pair. A grid of any dimensions falls apart into single boxes.
  private mutating func checkOverlaps() throws(Flaw) {
    var groups = [Array(boxes.indices)]
    while let group = groups.popLast() {
      if group.count < 2 { continue }
      if let parts = try cut(group) {
        groups += parts
      } else {
        try comparePairs(group)
      }
    }
  }

  private mutating func spend(_ steps: Int) throws(Flaw) {
    work += steps
    if work > ChunkTiling.workLimit { throw .irregular }
  }

  /// Cuts a group along the first axis where planes fit between boxes; nil where there is none.
  private mutating func cut(_ group: [Int]) throws(Flaw) -> [[Int]]? {
    for axis in shape.indices {
      try spend(group.count)
      let sorted = group.sorted { boxes[$0].offsets[axis] < boxes[$1].offsets[axis] }
      var parts: [[Int]] = []
      var end = Int.min
      for index in sorted {
        if boxes[index].offsets[axis] >= end { parts.append([]) }
        parts[parts.count - 1].append(index)
        end = max(end, boxes[index].end(axis))
      }
      if parts.count > 1 { return parts }
    }
    return nil
  }

  private mutating func comparePairs(_ group: [Int]) throws(Flaw) {
    for (position, first) in group.enumerated() {
      try spend(group.count - position)
      for second in group[(position + 1)...] where boxes[first].overlaps(boxes[second]) {
        throw .overlap(boxes[first], boxes[second])
      }
    }
  }
}

extension ChunkTiling.Box {
  /// How many elements it has; nil where it does not lie inside a whole of this shape.
  fileprivate func count(in shape: [Int]) -> Int? {
    guard offsets.count == shape.count, sizes.count == shape.count else { return nil }
    var count = 1
    for axis in shape.indices {
      let (end, overflow) = offsets[axis].addingReportingOverflow(sizes[axis])
      guard offsets[axis] >= 0, sizes[axis] >= 0, !overflow, end <= shape[axis] else { return nil }
      // At most the elements of the whole, which were counted; a factor of zero makes any product zero.
      count = count.multipliedReportingOverflow(by: sizes[axis]).partialValue
    }
    return count
  }
}
