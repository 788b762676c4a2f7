import TestSupport
import Testing

@testable import Loader

@Suite struct TorchLayoutTests {
  /// The end by visiting every element.
  private func farthest(offset: Int, size: [Int], stride: [Int], element: Int) -> Int {
    var reach = [offset]
    for (extent, step) in zip(size, stride) {
      reach = reach.flatMap { start in (0..<extent).map { start + $0 * step } }
    }
    return reach.max().map { ($0 + 1) * element } ?? offset * element
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func theEndIsOnePastTheFarthestElement(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rank = Int.random(in: 0...4, using: &random)
    let size = (0..<rank).map { _ in Int.random(in: 0...5, using: &random) }
    let stride = (0..<rank).map { _ in Int.random(in: 0...30, using: &random) }
    let offset = Int.random(in: 0...50, using: &random)
    let element = [1, 2, 4, 8].randomElement(using: &random) ?? 1
    let layout = try TorchLayout(offset: offset, size: size, stride: stride, element: element)
    let expected = farthest(offset: offset, size: size, stride: stride, element: element)
    #expect(layout.end == UInt64(expected), "seed \(seed)")
    #expect(layout.offset == UInt64(offset * element), "seed \(seed)")
  }

  @Test(arguments: [
    ([2, 3], [3, 1], true), ([2, 3], [1, 2], false), ([1, 3], [99, 1], true), ([3, 1], [1, 77], true), ([], [], true),
    ([0, 3], [8, 8], true), ([4], [0], false), ([2, 2, 2], [4, 2, 1], true), ([2, 2, 2], [8, 2, 1], false),
  ])
  func rowMajorIsToldFromStrided(_ size: [Int], _ stride: [Int], _ isContiguous: Bool) throws {
    let layout = try TorchLayout(offset: 3, size: size, stride: stride, element: 4)
    #expect((layout.strides == nil) == isContiguous)
    if let strides = layout.strides { #expect(strides == stride.map { $0 * 4 }) }
  }
}
