import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct GatherCopyTests {
  private func copy(_ range: Range<Int>, of gather: Gather, _ table: FileTable, maps: Bool) throws -> [UInt8] {
    let buffer = ByteBuffer(capacity: max(range.count, 1))
    buffer.count = range.count
    try unsafe GatherCopy(gather, sources: SourceSet(table.entries, maps: maps)).execute(
      range, into: UnsafeMutableRawBufferPointer(rebasing: buffer.storage[..<range.count]))
    return buffer.copyBytes()
  }

  /// Reading by calls, as from another machine, gives what a mapping gives: dense and sparse pieces, several strips and loops.
  @Test(arguments: 0..<20) func whatIsReadByCallsIsWhatIsMapped(seed: Int) throws {
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let counts = [random.number(1...3), random.number(1...50)]
    let lengths = (0..<random.number(1...3)).map { _ in random.number(1...300) }
    let stride = (lengths.max() ?? 1) * random.number(1...40)
    var strips: [Gather.Strip] = []
    for (index, length) in lengths.enumerated() {
      let isPadding = index > 0 && random.chance(in: 4)
      strips.append(
        Gather.Strip(
          file: isPadding ? nil : 0, offset: random.number(0...50), strides: [counts[1] * stride, stride],
          length: length)
      )
    }
    let content = (0..<counts[0] * counts[1] * stride + 1000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    try folder.write("rows.bin", content)
    var table = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
    _ = try table.open("rows.bin")
    let gather = Gather(counts: counts, strips: strips)
    let all = gather.turn * gather.turns
    for _ in 0..<5 {
      let first = random.number(0...all - 1)
      let range = first..<random.number(first + 1...all)
      let read = try copy(range, of: gather, table, maps: false)
      #expect(read == (try copy(range, of: gather, table, maps: true)))
    }
  }

  @Test func aFileThatWasCutIsTold() throws {
    let folder = try TemporaryFolder()
    try folder.write("rows.bin", [UInt8](repeating: 1, count: 100_000))
    var table = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
    _ = try table.open("rows.bin")
    try folder.overwrite("rows.bin", [1])
    let gather = Gather(
      counts: [10], strips: [Gather.Strip(file: 0, offset: 0, strides: [10_000], length: 100)])
    for maps in [true, false] {
      #expect(throws: LoaderError.self) { try copy(0..<1000, of: gather, table, maps: maps) }
    }
  }
}
