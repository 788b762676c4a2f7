import Loader
import Platform
import Testing

/// Files made to harm their reader: each is refused with one line, or behaves as its row of `Fixtures/hostile/README.md` says.
@Suite struct HostileFileTests {
  private static let folder = "\(Fixtures.folder)/hostile"

  /// What a row expects.
  private struct Row {
    let file: String
    let expectation: String
  }

  /// The rows of the table for the folders that stand beside it.
  private static let rows: [Row] = {
    let text = (try? Fixtures.read("\(folder)/README.md")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }.map { $0.reversed().drop { $0 == " " } }
        .map { String($0.reversed()) }
      guard cells.count >= 3, let name = cells.first, name.hasPrefix("`"), name.hasSuffix("`") else { return nil }
      let file = String(name.dropFirst().dropLast())
      let kinds = ["pickle/", "storage/", "zip/", "safetensors/", "index/", "hf/", "dcp/", "manifest/", "npy/"]
      return kinds.contains(where: file.hasPrefix) ? Row(file: file, expectation: cells[2]) : nil
    }
  }()

  static let files = rows.map(\.file)

  /// Rows that say what the originals do, where we do more, cleanly: 3.0 has the order of 2.0, a file may be named alone, and a bare
  /// state dict needs no key.
  private static let servedOnPurpose: Set = [
    "manifest/version_3.json", "manifest/checkpoints_string.json", "manifest/neither_key.json",
  ]

  /// A folder is named by one of its files in the table.
  private static func checkpoint(of file: String) -> String {
    let isFolder = ["hf/", "index/", "dcp/", "npy/"].contains(where: file.hasPrefix)
    return isFolder ? "\(folder)/\(Path.folder(of: file))" : "\(folder)/\(file)"
  }

  @Test func theTableHasItsRows() {
    #expect(HostileFileTests.rows.count > 185)
  }

  @Test(arguments: files)
  func everyFileIsRefusedOrServedAsItsRowSays(_ file: String) throws {
    let row = try #require(HostileFileTests.rows.first { $0.file == file })
    let mayBeServed =
      HostileFileTests.servedOnPurpose.contains(file)
      || ["served", "accepted", "ignored", "read by", "byte-swapped", "dropped", "data_loss"]
        .contains { row.expectation.contains($0) }
    do {
      let checkpoint = try CheckpointLoader.load(HostileFileTests.checkpoint(of: file))
      let plan = try Planner(checkpoint, PartitionParameters(rank: 0, mp: 1)).plan()
      let body = PartitionBody(plan, sources: SourceSet(checkpoint.files))
      let window = ByteBuffer(capacity: 1 << 20)
      var position = 0
      // What is huge by its shape alone is never made whole: its first windows tell as much.
      while position < min(plan.length, 64 << 20) {
        let end = min(position + window.capacity, plan.length)
        try body.fill(window, with: position..<end)
        position = end
      }
      #expect(mayBeServed, "was served, but is to be \(row.expectation)")
    } catch {
      #expect(!error.description.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "\(error.description)")
      let wantsMissing = row.expectation.contains("missing file")
      #expect((error.code == .missingFile) == wantsMissing, "\(error.code): \(error.description)")
    }
  }
}
