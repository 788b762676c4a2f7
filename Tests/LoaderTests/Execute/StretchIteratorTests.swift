import Loader
import Testing

@Suite struct StretchIteratorTests {
  private func windows(_ body: PartitionBody) throws -> [Range<Int>] {
    var iterator = StretchIterator(body, range: 0..<body.plan.length)
    var windows: [Range<Int>] = []
    while let stretch = try iterator.next() {
      switch stretch {
      case .window(let range): windows.append(range)
      case .file(_, _, let count):
        let start = windows.last?.upperBound ?? 0
        windows.append(start..<start + count)
      }
    }
    return windows
  }

  @Test func theHeaderLeavesBeforeAnythingIsComputed() throws {
    let checkpoint = try LinearCheckpoint(width: 512, wide: 1024, seed: 1)
    for parameters in [[(name: "quantize", value: "int8")], [(name: "dtype", value: "float16")]] {
      let body = try checkpoint.body(parameters)
      let windows = try windows(body)
      #expect(windows.first == 0..<body.plan.segments[0].count)
      #expect(windows.last?.upperBound == body.plan.length)
      #expect(zip(windows, windows.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
  }

  @Test func aWindowLooksAtABoundedPartOfTheSourceHoweverLargeTheTensors() throws {
    // Two matrices of 8 MiB each; their two scales stand in the first bytes behind the header.
    let checkpoint = try LinearCheckpoint(width: 1024, wide: 2048, seed: 2)
    let body = try checkpoint.body([("quantize", "int8"), ("groups", "8")])
    let scales = try windows(body).dropFirst().prefix { $0.upperBound <= body.plan.tensors[1].range.upperBound }
    #expect(scales.count >= 4)
    #expect(scales.allSatisfy { $0.count <= 16 })
  }
}
