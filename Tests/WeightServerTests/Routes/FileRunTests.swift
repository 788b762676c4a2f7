import Dispatch
import Platform
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct FileRunTests {
  /// The pieces of a run, each waited for where it says so, and how often it did.
  private func pieces(of run: FileRun) -> (pieces: [(offset: UInt64, count: Int)], waits: Int) {
    var run = run
    var pieces: [(offset: UInt64, count: Int)] = []
    var waits = 0
    while let piece = run.next() {
      switch piece {
      case .file(_, let offset, let count): pieces.append((offset, count))
      case .awaited(let begin):
        waits += 1
        let ready = DispatchSemaphore(value: 0)
        begin { ready.signal() }
        ready.wait()
      case .bytes, .filled, .scattered: Issue.record("a run is sent from its file")
      }
    }
    return (pieces, waits)
  }

  @Test(arguments: [1, FileRun.piece - 1, FileRun.piece, FileRun.piece + 1, 2 * FileRun.piece + 5])
  func piecesTileTheRun(count: Int) throws {
    let folder = try TemporaryFolder()
    try folder.write("run.bin", [UInt8](repeating: 1, count: count + 7))
    let file = try SourceFile.opening(folder.file("run.bin"))
    let (pieces, waits) = pieces(of: FileRun(file, offset: 7, count: count))
    var position: UInt64 = 7
    for piece in pieces {
      #expect(piece.offset == position)
      #expect(piece.count > 0 && piece.count <= FileRun.piece)
      position += UInt64(piece.count)
    }
    #expect(position == UInt64(count) + 7)
    #expect(waits <= pieces.count, "each piece is waited for once at most")
  }

  @Test func whatEndsEarlyIsWaitedForOnceAndLeftToTheSender() throws {
    let folder = try TemporaryFolder()
    try folder.write("run.bin", [UInt8](repeating: 1, count: 1000))
    let file = try SourceFile.opening(folder.file("run.bin"))
    try folder.overwrite("run.bin", [1])
    #expect(pieces(of: FileRun(file, offset: 0, count: 1000)).pieces.map(\.count) == [1000])
  }
}
