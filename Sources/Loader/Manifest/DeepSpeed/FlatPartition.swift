/// A run of a tensor's elements in row-major order that lies contiguously in a file.
struct FlatPartition {
  /// Which elements of the tensor, counted in row-major order.
  let range: Range<Int>
  /// The file.
  let file: Int
  /// Where the first of them lies, in bytes.
  let offset: Int

  /// The run as blocks of the tensor: what remains of the row that it begins in, whole rows, and the beginning of the last; and so
  /// on within those rows, where they have several axes themselves.
  /// - Parameter shape: extents whose product is more than `range` reaches.
  func boxes(of shape: [Int], elementSize: Int) -> [Box] {
    var cutter = Cutter(shape: shape, elementSize: elementSize, partition: self)
    cutter.cut(range, behind: [])
    return cutter.boxes
  }

  private struct Cutter {
    let shape: [Int]
    /// Elements from a position of each axis to the next.
    let steps: [Int]
    let elementSize: Int
    let partition: FlatPartition
    var boxes: [Box] = []

    init(shape: [Int], elementSize: Int, partition: FlatPartition) {
      self.shape = shape
      self.elementSize = elementSize
      self.partition = partition
      var steps = Array(repeating: 1, count: shape.count)
      for axis in shape.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
      self.steps = steps
    }

    /// Cuts the elements of `range`, counted within the position `origin` of the outer axes.
    mutating func cut(_ range: Range<Int>, behind origin: [Int]) {
      let axis = origin.count
      guard !range.isEmpty else { return }
      guard axis < shape.count - 1 else {
        return add(origin, rows: range)
      }
      let step = steps[axis]
      let (first, last) = (range.lowerBound / step, range.upperBound / step)
      let (head, tail) = (range.lowerBound % step, range.upperBound % step)
      if first == last { return cut(head..<tail, behind: origin + [first]) }
      if head > 0 { cut(head..<step, behind: origin + [first]) }
      let whole = (head > 0 ? first + 1 : first)..<last
      if !whole.isEmpty { add(origin, rows: whole) }
      if tail > 0 { cut(0..<tail, behind: origin + [last]) }
    }

    private mutating func add(_ outer: [Int], rows: Range<Int>) {
      var origin = Array(repeating: 0, count: shape.count)
      var extents = Array(repeating: 1, count: shape.count)
      for (axis, position) in outer.enumerated() { origin[axis] = position }
      if outer.count < shape.count {
        origin[outer.count] = rows.lowerBound
        extents[outer.count] = rows.count
        for axis in shape.indices.dropFirst(outer.count + 1) { extents[axis] = shape[axis] }
      }
      let first = zip(origin, steps).reduce(0) { $0 + $1.0 * $1.1 }
      var box = Box(zerosAt: origin, shape: extents)
      box.file = partition.file
      box.offset = partition.offset + (first - partition.range.lowerBound) * elementSize
      box.strides = steps.map { $0 * elementSize }
      boxes.append(box)
    }
  }
}
