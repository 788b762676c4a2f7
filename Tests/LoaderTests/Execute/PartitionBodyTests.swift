import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct PartitionBodyTests {
  /// A LLaMA-shaped folder whose row-parallel weight is large enough to be gathered in several windows.
  private func checkpoint(_ folder: TemporaryFolder, rows: Int = 600, columns: Int = 1024) throws -> Checkpoint {
    let name = "model.layers.0.self_attn.o_proj.weight"
    let bytes = rows * columns
    let json = "{\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(rows),\(columns)],\"data_offsets\":[0,\(bytes)]}}"
    let length = UInt64(json.utf8.count)
    var file = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(json.utf8)
    file += (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
    try folder.write("model.safetensors", file)
    try folder.write("config.json", "{\"model_type\": \"llama\", \"num_attention_heads\": 4}")
    return try CheckpointLoader.load(folder.path)
  }

  private func body(_ checkpoint: Checkpoint, rank: Int, mp: Int) throws -> PartitionBody {
    let plan = try Planner(checkpoint, PartitionParameters(rank: rank, mp: mp)).plan()
    return PartitionBody(plan, sources: SourceSet(checkpoint.files))
  }

  @Test(arguments: 0..<40)
  func anyRangeAloneIsThatSliceOfTheWhole(seed: Int) throws {
    let folder = try TemporaryFolder()
    let body = try body(try checkpoint(folder, rows: 40, columns: 64), rank: seed % 4, mp: 4)
    let whole = try body.bytes()
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let low = random.number(0...whole.count)
      let high = random.number(low...whole.count)
      #expect(try body.bytes(low..<high) == Array(whole[low..<high]), "\(low)..<\(high)")
    }
  }

  @Test func stretchesTileTheRangeAndMakeItsBytes() throws {
    let folder = try TemporaryFolder()
    let body = try body(try checkpoint(folder), rank: 1, mp: 2)
    let whole = try body.bytes()
    for range in [0..<whole.count, 1..<whole.count - 1, 100..<101, whole.count..<whole.count] {
      var stretches = StretchIterator(body, range: range)
      var bytes: [UInt8] = []
      while let stretch = try stretches.next() {
        switch stretch {
        case .file(let file, let offset, let count): bytes += try file.bytes(at: offset, count: count)
        case .window(let window):
          #expect(window.count <= StretchIterator.windowSize)
          bytes += try body.bytes(window)
        }
      }
      #expect(bytes == Array(whole[range]))
    }
  }

  @Test func longRunsAreSentFromTheirFile() throws {
    let folder = try TemporaryFolder()
    let body = try body(try checkpoint(folder), rank: 0, mp: 1)
    var stretches = StretchIterator(body, range: 0..<body.plan.length)
    guard case .window? = try stretches.next(), case .file(_, _, let count)? = try stretches.next() else {
      Issue.record("the header is no window, or the tensor no run")
      return
    }
    #expect(count == 600 * 1024)
    #expect(try stretches.next() == nil)
  }

  @Test func aFileThatIsCutIsDataLossAndNoSignal() throws {
    let folder = try TemporaryFolder()
    let body = try body(try checkpoint(folder), rank: 1, mp: 2)
    try folder.overwrite("model.safetensors", [0])
    let error = try #require(throws: LoaderError.self) { try body.bytes() }
    #expect(error.code == .dataLoss)
    #expect(error.file == "model.safetensors")
  }

  @Test func aFileThatWasWrittenIsDataLossThoughItsSizeIsTheSame() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint(folder, rows: 8, columns: 64)
    let body = try body(checkpoint, rank: 0, mp: 1)
    let size = Int(try #require(checkpoint.files.first).file.size)
    try folder.overwrite("model.safetensors", Array(repeating: 7, count: size))
    #expect(throws: LoaderError.self) { try body.bytes() }
  }
}
