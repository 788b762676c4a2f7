import TestSupport
import Testing

@testable import Loader

@Suite struct PartitionedParametersTests {
  /// Vectors of numbers, rank for rank in a file of its own, in groups of these lengths.
  private func ranks(_ count: Int, groups: [Int]) -> [[StoredTensor]] {
    (0..<count).map { rank in
      var offset = 0
      return groups.map { length in
        defer { offset += length * 4 }
        return StoredTensor(dtype: .f32, shape: [length], location: .init(file: rank, offset: offset))
      }
    }
  }

  /// Parameters are cut as DeepSpeed cuts them, their runs laid into groups of any lengths, and gathered again.
  @Test func whatWasCutIsGathered() throws {
    for seed in 0..<200 {
      var random = SeededGenerator(seed: seed)
      let count = random.number(1...5)
      let shapes = (0..<random.number(1...4)).map { _ in (0..<random.number(1...3)).map { _ in random.number(1...5) } }
      var files = [[UInt8]](repeating: [], count: count)
      for (number, shape) in shapes.enumerated() {
        let elements = shape.reduce(1, *)
        let part = (elements + count - 1) / count
        for index in 0..<part * count {
          let value = index < elements ? UInt32(number * 1000 + index) : .max
          files[index / part] += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
      }
      let total = files[0].count / 4
      let cut = random.number(0...total)
      var parameters = try PartitionedParameters(ranks(count, groups: [cut, total - cut].filter { $0 > 0 }))
      for (number, shape) in shapes.enumerated() {
        let tensor = try parameters.next("p\(number)", shape: shape)
        var builder = SegmentBuilder(elementSize: 4)
        try builder.append(shape: shape, boxes: tensor.boxes)
        let bytes = MemoryFiles(files: files).bytes(of: builder.segments)
        let expected = (0..<shape.reduce(1, *)).flatMap { index in
          (0..<4).map { UInt8(truncatingIfNeeded: UInt32(number * 1000 + index) >> (8 * $0)) }
        }
        #expect(bytes == expected, "seed \(seed), parameter \(number)")
      }
      #expect(parameters.position == parameters.count, "seed \(seed)")
    }
  }

  @Test func moreThanThereIsIsRefused() throws {
    var parameters = try PartitionedParameters(ranks(2, groups: [4]))
    _ = try parameters.next("a", shape: [3, 2])
    let error = #expect(throws: LoaderError.self) { try parameters.next("b", shape: [2, 2]) }
    #expect(error?.message == "b of shape [2, 2] needs 2 elements of each rank, and 1 are left")
  }

  @Test func ranksOfDifferentSavesAreRefused() {
    #expect(throws: LoaderError.self) {
      try PartitionedParameters([ranks(1, groups: [4])[0], ranks(1, groups: [2, 2])[0]])
    }
  }

  @Test func aShapeWhoseBytesCannotBeCountedIsRefused() throws {
    var parameters = try PartitionedParameters(ranks(2, groups: [4]))
    #expect(throws: LoaderError.self) { try parameters.next("a", shape: [1 << 40, 1 << 40]) }
  }
}
