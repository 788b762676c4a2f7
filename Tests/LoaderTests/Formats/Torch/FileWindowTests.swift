import TestSupport
import Testing

@testable import Loader

@Suite struct FileWindowTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyReadGivesTheFilesBytes(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let scratch = try ScratchFiles()
    let bytes = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try scratch.write(bytes)
    var files = try scratch.table()
    let index = try files.open("file.pt")
    let start = Int.random(in: 0..<5_000, using: &random)
    let length = Int.random(in: 1...15_000, using: &random)
    var window = try #require(FileWindow(file: index, offset: UInt64(start), length: UInt64(length), in: files))
    for _ in 0..<50 {
      let offset = Int.random(in: 0..<length, using: &random)
      let count = Int.random(in: 0...min(length - offset, Bool.random(using: &random) ? 100 : 9_000), using: &random)
      let part = try window.read(at: UInt64(offset), count: UInt64(count), what: "a part", in: files)
      #expect(Array(part) == Array(bytes[(start + offset)..<(start + offset + count)]), "seed \(seed)")
    }
  }

  @Test(arguments: [(0, 101), (100, 1), (101, 0), (.max, 1), (.max, .max), (50, .max)] as [(UInt64, UInt64)])
  func nothingPastTheWindowIsRead(_ offset: UInt64, _ count: UInt64) throws {
    let scratch = try ScratchFiles()
    try scratch.write([UInt8](repeating: 1, count: 300))
    var files = try scratch.table()
    var window = try #require(FileWindow(file: try files.open("file.pt"), offset: 100, length: 100, in: files))
    let table = files
    let reason = refusal { _ = try window.read(at: offset, count: count, what: "a part", in: table) }
    #expect(reason?.contains("truncated: a part") == true)
  }

  @Test func aWindowLiesInsideItsFile() throws {
    let scratch = try ScratchFiles()
    try scratch.write([UInt8](repeating: 1, count: 300))
    var files = try scratch.table()
    let index = try files.open("file.pt")
    #expect(FileWindow(file: index, offset: 200, length: 100, in: files) != nil)
    #expect(FileWindow(file: index, offset: 201, length: 100, in: files) == nil)
    #expect(FileWindow(file: index, offset: .max, length: 2, in: files) == nil)
  }
}
