import Loader
import Platform
import Testing

/// A checkpoint with the partitions expected of it: `case.json`, `checkpoint/`, `expected/mpM/rankR.safetensors`.
struct ConformanceCase {
  /// The case's folder.
  let folder: String
  /// The checkpoint in it; nil for the one that `case.json` names.
  var checkpoint: String?
  /// Parameters beside those that `case.json` names.
  var query: [(name: String, value: String)] = []
  /// Tensors that differ on purpose.
  var except: Set<String> = []

  init(
    folder: String, checkpoint: String? = nil, query: [(name: String, value: String)] = [], except: Set<String> = []
  ) {
    self.folder = folder
    self.checkpoint = checkpoint
    self.query = query
    self.except = except
  }

  /// Records an issue for every partition that is not, byte for byte, what is expected.
  func check() throws {
    let description = try JSONValue(parsing: Fixtures.read("\(folder)/case.json"))
    let path = Path.join(folder, try #require(self.checkpoint ?? description["checkpoint"]?.asText))
    let checkpoint = try CheckpointLoader.load(path)
    let sources = SourceSet(checkpoint.files)
    let query =
      try query
      + (description["query"]?.asObject?.members ?? []).map { key, value in
        (name: key, value: try #require(value.asText ?? value.asInteger.map(String.init)))
      }
    for mp in try #require(description["mps"]?.asArray).compactMap(\.asInteger) {
      #expect(checkpoint.possibleDegrees.contains(mp))
      for rank in 0..<mp {
        let parameters = try PartitionParameters(
          [("rank", String(rank)), ("mp", String(mp))].map { (name: $0.0, value: $0.1) } + query)
        let plan = try Planner(checkpoint, parameters).plan()
        let body = try PartitionBody(plan, sources: sources).bytes()
        let expected = try Fixtures.read("\(folder)/expected/mp\(mp)/rank\(rank).safetensors")
        let differing = try Fixtures.differences(
          Fixtures.tensors(of: body).filter { !except.contains($0.key) },
          Fixtures.tensors(of: expected).filter { !except.contains($0.key) })
        #expect(differing == [], "mp \(mp) rank \(rank)")
        let metadata = try Fixtures.metadata(of: body)
        for (key, value) in description["metadata"]?["\(mp)"]?.asObject?.members ?? [] {
          #expect(metadata[key] == value.asText, "mp \(mp) rank \(rank): \(key)")
        }
      }
    }
  }
}
