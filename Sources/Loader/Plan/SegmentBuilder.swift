/// Turns the blocks that tile a tensor into the segments of its bytes in row-major order.
///
/// Axis by axis the blocks are cut into slabs within which nothing changes. A slab that is contiguous in one file is a run; any
/// other is a loop over its positions. Slabs that are alike and lie at a regular distance (the heads of a fused QKV) are a loop too.
/// Loops that contain nothing but one loop are nested, and loops beside one another become strips that repeat; where a loop contains
/// more (blocks of a tensor of three axes or more that are cut differently along the last), it is written out turn by turn.
struct SegmentBuilder {
  private(set) var segments: [Segment] = []
  private let elementSize: Int

  /// Segments that one tensor may need: more is a file made to cost memory.
  static let limit = 4_000_000

  /// Why a tensor has no segments.
  enum Failure: Error, Hashable {
    /// More segments than `limit`.
    case tooMany
    /// The blocks do not tile the tensor: something is missing at this position.
    case gap(axis: Int, position: Int)
  }

  init(elementSize: Int) {
    self.elementSize = elementSize
  }

  /// Appends the segments of a tensor of a shape that `boxes` tile.
  mutating func append(shape: [Int], boxes: [Box]) throws(Failure) {
    if shape.contains(0) { return }
    for node in Node.foldedRuns(try nodes(of: shape, boxes: boxes, axis: 0)) { try flatten(node) }
  }

  private typealias Node = SegmentNode
  private typealias Leaf = SegmentNode.Leaf

  // MARK: Blocks to loops

  private func nodes(of shape: [Int], boxes: [Box], axis: Int) throws(Failure) -> [Node] {
    guard axis < shape.count else {
      guard let box = boxes.first else { throw .gap(axis: axis, position: 0) }
      return [.leaf(Leaf(box, bytes: elementSize))]
    }
    var nodes: [Node] = []
    for (slab, inside) in slabs(of: shape[axis], boxes: boxes, axis: axis) {
      guard let box = inside.first else { throw .gap(axis: axis, position: slab.lowerBound) }
      if inside.count == 1, let bytes = contiguousBytes(of: box, shape: shape, from: axis) {
        append(.leaf(Leaf(box, bytes: bytes)), to: &nodes)
        continue
      }
      let body = try self.nodes(of: shape, boxes: inside, axis: axis + 1)
      if slab.count == 1 {
        for node in body { append(node, to: &nodes) }
      } else {
        nodes.append(.loop(count: slab.count, body: body.map { looped($0, axis: axis) }))
      }
    }
    return axis == 0 ? nodes : Node.folded(nodes, from: 2)
  }

  /// The pieces of an axis within which the same blocks lie, and what of them lies there.
  private func slabs(of extent: Int, boxes: [Box], axis: Int) -> [(range: Range<Int>, boxes: [Box])] {
    if boxes.count == 1, boxes[0].origin[axis] == 0, boxes[0].shape[axis] == extent { return [(0..<extent, boxes)] }
    var cuts: Set<Int> = [0, extent]
    for box in boxes {
      cuts.insert(box.origin[axis])
      cuts.insert(box.origin[axis] + box.shape[axis])
    }
    let sorted = cuts.filter { $0 >= 0 && $0 <= extent }.sorted()
    var slabs = zip(sorted, sorted.dropFirst()).map { (range: $0..<$1, boxes: [Box]()) }
    let places = Dictionary(uniqueKeysWithValues: slabs.indices.map { (slabs[$0].range.lowerBound, $0) })
    for box in boxes {
      var place = places[box.origin[axis]] ?? 0
      while place < slabs.count, let part = box.clipped(axis: axis, to: slabs[place].range) {
        slabs[place].boxes.append(part)
        place += 1
      }
    }
    return slabs
  }

  /// The bytes of a block that fills the axes behind `axis` and lies contiguously from `axis` on; nil where it does not.
  private func contiguousBytes(of box: Box, shape: [Int], from axis: Int) -> Int? {
    var bytes = elementSize
    for inner in stride(from: shape.count - 1, through: axis, by: -1) {
      if inner > axis, box.shape[inner] != shape[inner] { return nil }
      if box.file != nil, box.shape[inner] > 1, box.strides[inner] != bytes { return nil }
      bytes *= box.shape[inner]
    }
    return bytes
  }

  /// Gives every leaf of a node its stride for the loop over `axis` that is put around it.
  private func looped(_ node: Node, axis: Int) -> Node {
    switch node {
    case .leaf(var leaf):
      leaf.strip.strides.insert(leaf.strides[axis], at: 0)
      return .leaf(leaf)
    case .loop(let count, let body):
      return .loop(count: count, body: body.map { looped($0, axis: axis) })
    }
  }

  // MARK: Loops to segments

  private func append(_ node: Node, to nodes: inout [Node]) {
    if case .leaf(let next) = node, case .leaf(let last)? = nodes.last, let joined = last.joined(with: next) {
      nodes[nodes.count - 1] = .leaf(joined)
    } else {
      nodes.append(node)
    }
  }

  private mutating func flatten(_ node: Node) throws(Failure) {
    switch node {
    case .leaf(let leaf):
      try add(leaf.strip)
    case .loop(let count, let body):
      if let gather = nest(count, body) {
        try add(gather)
      } else {
        for turn in 0..<count {
          for inner in body { try flatten(turned(inner, turn)) }
        }
      }
    }
  }

  /// The loop as one gather: a nest of loops around strips, each of which may have loops of its own; nil where a loop in it
  /// contains several things.
  private func nest(_ count: Int, _ body: [Node]) -> Gather? {
    var counts = [count]
    var body = body
    while body.count == 1, case .loop(let inner, let next) = body[0] {
      counts.append(inner)
      body = next
    }
    var strips: [Gather.Strip] = []
    for node in body {
      guard let strip = node.strip(behind: counts.count) else { return nil }
      strips.append(strip)
    }
    if strips.count == 1 { counts.removeSubrange(strips[0].turnColumnsIntoRepeats(counts)...) }
    return Gather(counts: counts, strips: strips)
  }

  /// A node as it is at one turn of its outermost loop.
  private func turned(_ node: Node, _ turn: Int) -> Node {
    switch node {
    case .leaf(var leaf):
      leaf.strip.offset += turn * leaf.strip.strides.removeFirst()
      return .leaf(leaf)
    case .loop(let count, let body):
      return .loop(count: count, body: body.map { turned($0, turn) })
    }
  }

  private mutating func add(_ gather: Gather) throws(Failure) {
    guard segments.count < SegmentBuilder.limit else { throw .tooMany }
    segments.append(Segment(count: gather.turn * gather.turns, content: .gather(gather)))
  }

  private mutating func add(_ strip: Gather.Strip) throws(Failure) {
    guard segments.count < SegmentBuilder.limit else { throw .tooMany }
    guard let file = strip.file else {
      segments.append(Segment(count: strip.length, content: .zeros))
      return
    }
    if case .run(file, let offset)? = segments.last?.content, let last = segments.last,
      offset + last.count == strip.offset
    {
      segments[segments.count - 1] = Segment(
        count: last.count + strip.length, content: .run(file: file, offset: offset))
    } else {
      segments.append(Segment(count: strip.length, content: .run(file: file, offset: strip.offset)))
    }
  }
}
