import TestSupport
import Testing

@testable import Loader

@Suite struct FlatPartitionTests {
  /// The element that each block has at each of its positions, by its place in the file.
  private func elements(_ boxes: [Box], of shape: [Int], elementSize: Int) -> [Int: Int] {
    var found: [Int: Int] = [:]
    for box in boxes {
      let count = box.shape.reduce(1, *)
      for position in 0..<count {
        var rest = position
        var element = 0
        var offset = box.offset
        var step = 1
        for axis in shape.indices.reversed() {
          let index = rest % box.shape[axis]
          rest /= box.shape[axis]
          element += (box.origin[axis] + index) * step
          offset += index * box.strides[axis]
          step *= shape[axis]
        }
        #expect(found.updateValue(offset / elementSize, forKey: element) == nil, "an element in two blocks")
      }
    }
    return found
  }

  @Test func blocksHoldTheElementsOfTheRunAndNoOthers() {
    for seed in 0..<400 {
      var random = SeededGenerator(seed: seed)
      let shape = (0..<random.number(0...4)).map { _ in random.number(1...5) }
      let count = shape.reduce(1, *)
      let first = random.number(0...count)
      let last = random.number(first...count)
      let partition = FlatPartition(range: first..<last, file: 0, offset: 40)
      let boxes = partition.boxes(of: shape, elementSize: 4)
      let found = elements(boxes, of: shape, elementSize: 4)
      #expect(Set(found.keys) == Set(first..<last), "seed \(seed)")
      #expect(found.allSatisfy { $0.value == 10 + $0.key - first }, "seed \(seed)")
      #expect(boxes.count <= max(1, 2 * shape.count - 1), "seed \(seed)")
    }
  }

  @Test func aRunWithinAMatrixIsThreeBlocksAtMost() {
    let boxes = FlatPartition(range: 5..<17, file: 3, offset: 0).boxes(of: [4, 6], elementSize: 2)
    #expect(boxes.map(\.origin) == [[0, 5], [1, 0], [2, 0]])
    #expect(boxes.map(\.shape) == [[1, 1], [1, 6], [1, 5]])
    #expect(boxes.map(\.offset) == [0, 2, 14])
    #expect(boxes.allSatisfy { $0.file == 3 })
  }
}
