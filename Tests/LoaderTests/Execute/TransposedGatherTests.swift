import Platform
import TestSupport
import Testing

@testable import Loader

/// Matrices that are turned round on their way, by the kernel that does it in blocks, against moving elements one by one.
@Suite struct TransposedGatherTests {
  /// A checkpoint of one matrix that lies transposed in a file, and the bytes that it should be served as.
  private func transposed(
    rows: Int, columns: Int, dtype: DType, in folder: TemporaryFolder
  ) throws -> (body: PartitionBody, bytes: [UInt8]) {
    let stored = ElementArray(shape: [columns, rows], elementSize: dtype.byteSize ?? 1, seed: rows + columns)
    var table = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
    let file = try table.open(try folder.write("\(rows)x\(columns).\(dtype.rawValue)", stored.bytes))
    let box = Box(StoredTensor(dtype: dtype, shape: stored.shape, location: .init(file: file, offset: 0)), at: [0, 0])
    let tensor = LogicalTensor(
      name: "x", dtype: dtype, shape: [rows, columns], role: .replicated, boxes: [box.transposed])
    let plan = try Planner(.synthetic([tensor], files: table.entries), PartitionParameters(rank: 0, mp: 1)).plan()
    return (PartitionBody(plan, sources: SourceSet(table.entries)), stored.transposed.bytes)
  }

  @Test(arguments: [DType.u8, .bf16, .f32, .f64])
  func everyShapeIsTurnedRound(_ dtype: DType) throws {
    let folder = try TemporaryFolder()
    for (rows, columns) in [(2, 3), (7, 8), (16, 16), (17, 33), (64, 129), (65, 128), (130, 200), (1, 40), (40, 1)] {
      let (body, bytes) = try transposed(rows: rows, columns: columns, dtype: dtype, in: folder)
      let start = body.plan.tensors[0].range.lowerBound
      #expect(try Array(body.bytes()[start...]) == bytes, "\(rows) x \(columns)")
      var random = SeededGenerator(seed: rows * columns)
      for _ in 0..<12 {
        let low = random.number(0...bytes.count)
        let high = random.number(low...bytes.count)
        let part = try body.bytes(start + low..<start + high)
        if part != Array(bytes[low..<high]) { Issue.record("\(rows) x \(columns): bytes \(low)..<\(high)") }
      }
    }
  }

  @Test func aLargeOneIsSentInWindowsOfWholeRows() throws {
    let folder = try TemporaryFolder()
    let (body, bytes) = try transposed(rows: 600, columns: 1000, dtype: .bf16, in: folder)
    let start = body.plan.tensors[0].range.lowerBound
    var stretches = StretchIterator(body, range: start + 300..<body.plan.length)
    var sent: [UInt8] = []
    var ends: [Int] = []
    while let stretch = try stretches.next() {
      guard case .window(let range) = stretch else {
        Issue.record("a matrix that is turned round lies nowhere in a piece")
        return
      }
      #expect(range.count <= StretchIterator.transposedWindow.upperBound)
      sent += try body.bytes(range)
      ends.append(range.upperBound - start)
    }
    #expect(sent == Array(bytes[300...]))
    #expect(ends.allSatisfy { $0 % 2000 == 0 })
    #expect(ends.count == 2)
  }

  @Test func aFileThatIsCutUnderIsToldAndNotServed() throws {
    let folder = try TemporaryFolder()
    let (body, _) = try transposed(rows: 300, columns: 300, dtype: .f32, in: folder)
    let start = body.plan.tensors[0].range.lowerBound
    _ = try body.bytes(start..<start + 100)
    try folder.write("300x300.F32", [1, 2, 3])
    let error = #expect(throws: LoaderError.self) { try body.bytes() }
    #expect(error?.code == .dataLoss)
  }
}
