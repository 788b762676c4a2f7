import Platform
import TestSupport
import Testing

@testable import Loader

/// What is sent from where it lies is what would have been copied.
@Suite struct GatherPiecesTests {
  /// The bytes of pieces, as a socket receives them.
  private func bytes(of pieces: ScatteredBytes, atMost limit: Int) throws -> [UInt8] {
    let (near, far) = try Socket.pair(isBlocking: false)
    var rest = ScatteredRest(pieces)
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while rest.count > 0 {
      if let sent = try near.send(rest, count: limit) { rest.removeFirst(sent) }
      while let count = try far.receive(into: &buffer), count > 0 { received += buffer[..<count] }
    }
    return received
  }

  private func sources(_ folder: TemporaryFolder, maps: Bool = true) throws -> SourceSet {
    var table = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
    _ = try table.open("rows.bin")
    return SourceSet(table.entries, maps: maps)
  }

  /// A file of rows, and the gather of a part of each.
  private func gather(rows: Int, row: Int, start: Int, length: Int) -> Gather {
    Gather(counts: [rows], strips: [Gather.Strip(file: 0, offset: start, strides: [row], length: length)])
  }

  @Test(arguments: 0..<8) func piecesAreWhatACopyIs(seed: Int) throws {
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let (rows, length) = (random.number(3...40), GatherPieces.threshold + random.number(0...3000))
    let row = length * random.number(1...12)
    let content = (0..<rows * row + 100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    try folder.write("rows.bin", content)
    let sources = try sources(folder)
    let gather = gather(rows: rows, row: row, start: random.number(0...100), length: length)
    let all = gather.turn * gather.turns
    for _ in 0..<6 {
      let first = random.number(0...all - 1)
      let range = first..<random.number(first + 1...all)
      let buffer = ByteBuffer(capacity: range.count)
      buffer.count = range.count
      try unsafe GatherCopy(gather, sources: sources).execute(
        range, into: UnsafeMutableRawBufferPointer(rebasing: buffer.storage[..<range.count]))
      let pieces = try #require(
        try GatherPieces(gather, sources: sources)?.pieces(range, mayRead: true), "long pieces are scattered")
      #expect(pieces.count == range.count)
      #expect(try bytes(of: pieces, atMost: random.number(1...100_000)) == buffer.copyBytes())
    }
  }

  @Test func whatWasMadePresentIsFoundPresent() throws {
    let folder = try TemporaryFolder()
    try folder.write("rows.bin", [UInt8](repeating: 7, count: 1 << 20))
    let sources = try sources(folder)
    let pieces = try #require(
      try GatherPieces(gather(rows: 64, row: 16384, start: 0, length: 4096), sources: sources))
    #expect(try pieces.pieces(0..<64 * 4096, mayRead: false) == nil)
    #expect(try pieces.pieces(0..<64 * 4096, mayRead: true) != nil)
    #expect(try pieces.pieces(0..<64 * 4096, mayRead: false) != nil)
  }

  @Test func shortPiecesAreCopied() throws {
    let sources = SourceSet([])
    let short = gather(rows: 4, row: 16384, start: 0, length: GatherPieces.threshold - 1)
    #expect(try GatherPieces(short, sources: sources) == nil)
  }

  @Test func aFileThatWasCutFailsTheCallAndNotTheProcess() throws {
    let folder = try TemporaryFolder()
    try folder.write("rows.bin", [UInt8](repeating: 7, count: 1 << 20))
    let sources = try sources(folder)
    let pieces = try #require(
      try GatherPieces(gather(rows: 64, row: 16384, start: 0, length: 4096), sources: sources)?
        .pieces(0..<64 * 4096, mayRead: true))
    try folder.overwrite("rows.bin", [])
    #expect(throws: SystemError.self) { _ = try bytes(of: pieces, atMost: 1 << 20) }
    #expect(!pieces.files.allSatisfy { $0.isUnchanged() })
  }
}
