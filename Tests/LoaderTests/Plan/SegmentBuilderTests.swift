import TestSupport
import Testing

@testable import Loader

/// Blocks in any order, at any strides, against copying their elements one by one.
@Suite struct SegmentBuilderTests {
  /// Blocks that tile a tensor, each at a place of its own in one of two files.
  private struct Tiling {
    let shape: [Int]
    let elementSize: Int
    var boxes: [Box] = []
    var files = MemoryFiles(files: [[], []])

    init(seed: Int) {
      var random = SeededGenerator(seed: seed)
      elementSize = random.one(of: [1, 2, 4, 8])
      shape = (0..<random.number(0...4)).map { _ in random.number(1...6) }
      cut(origin: shape.map { _ in 0 }, shape: shape, depth: random.number(0...3), &random)
      boxes.shuffle(using: &random)
    }

    private mutating func cut(origin: [Int], shape: [Int], depth: Int, _ random: inout SeededGenerator) {
      let axes = shape.indices.filter { shape[$0] > 1 }
      guard depth > 0, !axes.isEmpty else {
        place(origin: origin, shape: shape, &random)
        return
      }
      let axis = random.one(of: axes)
      let at = random.number(1...shape[axis] - 1)
      var (first, second, moved) = (shape, shape, origin)
      first[axis] = at
      second[axis] -= at
      moved[axis] += at
      cut(origin: origin, shape: first, depth: depth - 1, &random)
      cut(origin: moved, shape: second, depth: depth - 1, &random)
    }

    /// Puts a block into a file with its axes in any order, gaps between them, or as zeros.
    private mutating func place(origin: [Int], shape: [Int], _ random: inout SeededGenerator) {
      if random.chance(in: 6) {
        boxes.append(Box(zerosAt: origin, shape: shape))
        return
      }
      let file = random.number(0...1)
      var strides = shape
      var step = elementSize
      let order = random.chance(in: 2) ? Array(shape.indices.reversed()) : shape.indices.shuffled(using: &random)
      for axis in order {
        strides[axis] = step
        step *= shape[axis]
        if random.chance(in: 5) { step += elementSize * random.number(1...2) }
      }
      let offset = files.files[file].count + random.number(0...1) * random.number(0...9)
      let end = offset + step
      while files.files[file].count < end { files.files[file].append(UInt8(truncatingIfNeeded: random.next())) }
      var box = Box(
        StoredTensor(
          dtype: .u8, shape: shape, location: .init(file: file, offset: offset, strides: strides)), at: origin)
      box.offset = offset
      boxes.append(box)
    }

    /// The tensor's bytes, element by element.
    var bytes: [UInt8] {
      var result: [UInt8] = []
      for index in 0..<shape.reduce(1, *) {
        var rest = index
        var position = shape
        for axis in shape.indices.reversed() {
          position[axis] = rest % shape[axis]
          rest /= shape[axis]
        }
        let box = boxes.first { box in
          shape.indices.allSatisfy { position[$0] >= box.origin[$0] && position[$0] < box.origin[$0] + box.shape[$0] }
        }
        guard let box, let file = box.file else {
          result += Array(repeating: 0, count: elementSize)
          continue
        }
        let at = shape.indices.reduce(box.offset) { $0 + (position[$1] - box.origin[$1]) * box.strides[$1] }
        result += files.files[file][at..<at + elementSize]
      }
      return result
    }
  }

  @Test func segmentsMakeTheTensorElementByElement() throws {
    for seed in 0..<4000 {
      let tiling = Tiling(seed: seed)
      var builder = SegmentBuilder(elementSize: tiling.elementSize)
      try builder.append(shape: tiling.shape, boxes: tiling.boxes)
      if tiling.files.bytes(of: builder.segments) != tiling.bytes {
        Issue.record("seed \(seed): shape \(tiling.shape), \(tiling.boxes.count) blocks")
      }
      if builder.segments.contains(where: { $0.count <= 0 }) { Issue.record("seed \(seed): an empty segment") }
    }
  }

  @Test func aMissingBlockIsAGap() throws {
    for seed in 0..<500 {
      var tiling = Tiling(seed: seed)
      guard tiling.boxes.count > 1 else { continue }
      tiling.boxes.removeLast()
      var builder = SegmentBuilder(elementSize: tiling.elementSize)
      #expect(throws: SegmentBuilder.Failure.self, "seed \(seed)") {
        try builder.append(shape: tiling.shape, boxes: tiling.boxes)
      }
    }
  }

  @Test func contiguousBlocksThatFollowOneAnotherAreOneRun() throws {
    let boxes = (0..<4).map { row in
      var box = Box(
        StoredTensor(dtype: .f32, shape: [2, 3], location: .init(file: 0, offset: row * 24)), at: [row * 2, 0])
      box.offset = 100 + row * 24
      return box
    }
    var builder = SegmentBuilder(elementSize: 4)
    try builder.append(shape: [8, 3], boxes: boxes)
    #expect(builder.segments == [Segment(count: 96, content: .run(file: 0, offset: 100))])
  }

  @Test func aPieceOfAnInnerAxisIsOneGather() throws {
    let whole = Box(StoredTensor(dtype: .bf16, shape: [4, 6], location: .init(file: 0, offset: 0)), at: [0, 0])
    let part = try #require(whole.clipped(axis: 1, to: 2..<5))
    var moved = part
    moved.origin[1] = 0
    var builder = SegmentBuilder(elementSize: 2)
    try builder.append(shape: [4, 3], boxes: [moved])
    let strip = Gather.Strip(file: 0, offset: 4, strides: [12], length: 6)
    #expect(
      builder.segments == [Segment(count: 24, content: .gather(Gather(counts: [4], strips: [strip])))])
  }

  @Test func anEmptyTensorHasNoSegments() throws {
    var builder = SegmentBuilder(elementSize: 2)
    try builder.append(shape: [0, 32], boxes: [])
    #expect(builder.segments.isEmpty)
  }
}
