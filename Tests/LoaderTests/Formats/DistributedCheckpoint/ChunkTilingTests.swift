import TestSupport
import Testing

@testable import Loader

@Suite struct ChunkTilingTests {
  typealias Box = ChunkTiling.Box

  /// Cuts a whole into boxes by planes through single boxes.
  private func cuts(_ shape: [Int], _ count: Int, using random: inout SeededGenerator) -> [Box] {
    var boxes = [Box(offsets: shape.map { _ in 0 }, sizes: shape)]
    for _ in 0..<count {
      let index = Int.random(in: 0..<boxes.count, using: &random)
      let box = boxes[index]
      guard let axis = shape.indices.randomElement(using: &random), box.sizes[axis] > 1 else { continue }
      let first = Int.random(in: 1..<box.sizes[axis], using: &random)
      var (sizes, offsets, rest) = (box.sizes, box.offsets, box.sizes)
      sizes[axis] = first
      offsets[axis] += first
      rest[axis] -= first
      boxes[index] = Box(offsets: box.offsets, sizes: sizes)
      boxes.append(Box(offsets: offsets, sizes: rest))
    }
    return boxes.shuffled(using: &random)
  }

  private func flaw(_ boxes: [Box], _ shape: [Int]) -> ChunkTiling.Flaw? {
    do throws(ChunkTiling.Flaw) {
      try ChunkTiling.check(boxes, tile: shape)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func boxesCutFromAWholeTileItAndNoFewerOrMoreDo(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let shape = (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 1...9, using: &random) }
    let boxes = cuts(shape, 12, using: &random)
    #expect(flaw(boxes, shape) == nil, "seed \(seed)")
    #expect(flaw(Array(boxes.dropFirst()), shape) != nil, "seed \(seed)")
    if case .overlap = flaw(boxes + [boxes[0]], shape) {} else { Issue.record("no overlap, seed \(seed)") }
  }

  @Test func boxesWithoutElementsDoNotMatter() {
    #expect(flaw([Box(offsets: [0], sizes: [4]), Box(offsets: [4], sizes: [0])], [4]) == nil)
    #expect(flaw([], [0, 4]) == nil)
    #expect(flaw([Box(offsets: [], sizes: [])], []) == nil)
    #expect(flaw([], []) == .gap(held: 0, of: 1))
  }

  @Test func aPinwheelThatNoPlaneCutsIsATiling() {
    let boxes = [
      Box(offsets: [0, 0], sizes: [1, 2]), Box(offsets: [0, 2], sizes: [2, 1]), Box(offsets: [2, 1], sizes: [1, 2]),
      Box(offsets: [1, 0], sizes: [2, 1]), Box(offsets: [1, 1], sizes: [1, 1]),
    ]
    #expect(flaw(boxes, [3, 3]) == nil)
    #expect(flaw(Array(boxes.dropLast()), [3, 3]) == .gap(held: 8, of: 9))
  }

  @Test(arguments: [
    Box(offsets: [3], sizes: [2]), Box(offsets: [-1], sizes: [2]), Box(offsets: [.max], sizes: [2]),
    Box(offsets: [0], sizes: [-1]), Box(offsets: [0, 0], sizes: [1, 1]), Box(offsets: [0], sizes: [1, 1]),
  ])
  func boxesLieInside(_ box: Box) {
    #expect(flaw([box], [4]) == .outside(box))
  }

  @Test func anOverlapThatHidesAGapIsFound() {
    let boxes = [Box(offsets: [0, 0], sizes: [2, 2]), Box(offsets: [1, 0], sizes: [2, 2])]
    if case .overlap = flaw(boxes, [4, 2]) {} else { Issue.record("no overlap") }
  }

  @Test func aGridOfManyBoxesIsCheckedAtOnce() {
    let boxes = (0..<40_000).map { Box(offsets: [$0 / 200 * 2, $0 % 200 * 3], sizes: [2, 3]) }
    #expect(flaw(boxes, [400, 600]) == nil)
  }
}
