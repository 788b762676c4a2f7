/// What a slab of a tensor is made of: contiguous bytes, or a loop around such.
indirect enum SegmentNode {
  case leaf(Leaf)
  case loop(count: Int, body: [SegmentNode])

  /// Contiguous bytes of one block, and the block's strides, from which each loop around it takes its own.
  struct Leaf {
    var strip: Gather.Strip
    let strides: [Int]

    init(_ box: Box, bytes: Int) {
      strip = Gather.Strip(file: box.file, offset: box.offset, strides: [], length: bytes)
      strides = box.strides
    }

    /// The bytes of both, where the other's follow this one's at every turn of every loop.
    func joined(with next: Leaf) -> Leaf? {
      guard strip.file == next.strip.file, strides == next.strides, strip.strides == next.strip.strides,
        strip.file == nil || strip.offset + strip.length == next.strip.offset
      else { return nil }
      var joined = self
      joined.strip.length += next.strip.length
      return joined
    }

    /// Whether both are alike but for where they lie in a file.
    fileprivate func isLike(_ other: Leaf) -> Bool {
      strip.file != nil && strip.file == other.strip.file && strip.length == other.strip.length
        && strip.strides == other.strip.strides && strides == other.strides
    }
  }

  private var isLeaf: Bool {
    if case .leaf = self { true } else { false }
  }

  /// The strip of a node that is a leaf, or one leaf in a nest of loops; nil of any other.
  /// - Parameter loops: the loops around the node.
  func strip(behind loops: Int) -> Gather.Strip? {
    var counts: [Int] = []
    var node = self
    while case .loop(let count, let body) = node {
      guard body.count == 1 else { return nil }
      counts.append(count)
      node = body[0]
    }
    guard case .leaf(let leaf) = node, leaf.strip.strides.count == loops + counts.count else { return nil }
    var strip = leaf.strip
    strip.repeats = zip(counts, strip.strides[loops...]).map { Gather.Repeat(count: $0, stride: $1) }
    strip.strides.removeSubrange(loops...)
    if strip.file == nil {
      strip.length = strip.turn
      strip.repeats = []
    }
    return strip
  }

  // MARK: Regular distances

  /// Nodes that are alike and lie at a regular distance, as loops; of leaves, `least` at least.
  static func folded(_ nodes: [SegmentNode], from least: Int) -> [SegmentNode] {
    var nodes = nodes
    while nodes.count > 1 {
      let next = foldedOnce(nodes, from: least)
      if next.count == nodes.count { break }
      nodes = next
    }
    return nodes
  }

  /// The same for what lies outside of every loop: runs that are long enough to be sent from their file stay runs.
  static func foldedRuns(_ nodes: [SegmentNode]) -> [SegmentNode] {
    let isLong = nodes.contains { node in
      if case .leaf(let leaf) = node { leaf.strip.length >= StretchIterator.directThreshold } else { false }
    }
    return isLong ? nodes : folded(nodes, from: 3)
  }

  private static func foldedOnce(_ nodes: [SegmentNode], from least: Int) -> [SegmentNode] {
    var result: [SegmentNode] = []
    var start = 0
    while start < nodes.count {
      var end = start + 1
      if end < nodes.count, let distances = nodes[start].distances(to: nodes[end]) {
        repeat { end += 1 } while end < nodes.count && nodes[end - 1].distances(to: nodes[end]) == distances
        if end - start >= (nodes[start].isLeaf ? least : 2) {
          var strides = distances[...]
          result.append(.loop(count: end - start, body: [nodes[start].looped(&strides)]))
          start = end
          continue
        }
      }
      result.append(nodes[start])
      start += 1
    }
    return result
  }

  /// The bytes from each leaf of this node to the same leaf of another, where they are alike and the distances are not negative.
  private func distances(to other: SegmentNode) -> [Int]? {
    switch (self, other) {
    case (.leaf(let one), .leaf(let next)):
      guard one.isLike(next), next.strip.offset >= one.strip.offset else { return nil }
      return [next.strip.offset - one.strip.offset]
    case (.loop(let count, let body), .loop(let other, let next)) where count == other && body.count == next.count:
      var distances: [Int] = []
      for (one, next) in zip(body, next) {
        guard let found = one.distances(to: next) else { return nil }
        distances += found
      }
      return distances
    default:
      return nil
    }
  }

  /// The node in a loop around it, in which each leaf moves by the next of some strides.
  private func looped(_ strides: inout ArraySlice<Int>) -> SegmentNode {
    switch self {
    case .leaf(var leaf):
      leaf.strip.strides.insert(strides.popFirst() ?? 0, at: 0)
      return .leaf(leaf)
    case .loop(let count, let body):
      var looped: [SegmentNode] = []
      for node in body { looped.append(node.looped(&strides)) }
      return .loop(count: count, body: looped)
    }
  }
}

extension Gather.Strip {
  /// Of a strip with a stride for each loop around it and none of its own: the last loop whose pieces lie side by side, where those
  /// of the innermost one lie apart. It goes along the columns of a matrix that is transposed.
  private var columnLoop: Int? {
    guard file != nil, repeats.isEmpty, let inner = strides.last, inner > length, length <= 8 else { return nil }
    return strides.lastIndex(of: length)
  }

  /// Turns the loops inside of the one along the columns into loops of the strip's own, so that a turn is a row of what is made.
  /// - Returns: how many loops remain around the strip.
  mutating func turnColumnsIntoRepeats(_ counts: [Int]) -> Int {
    guard let loop = columnLoop, loop + 1 < counts.count else { return counts.count }
    let inner = loop + 1..<counts.count
    repeats = inner.map { Gather.Repeat(count: counts[$0], stride: strides[$0]) }
    strides.removeSubrange(inner)
    return loop + 1
  }
}
