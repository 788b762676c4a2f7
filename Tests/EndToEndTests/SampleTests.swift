import Platform
import Testing

/// The sample checkpoint against what the script that made it says each rank holds.
@Suite struct SampleTests {
  /// `Tests/Fixtures/sample/expected.json`: per rank, names to dtype, shape and SHA-256.
  private static func expectations(mp: Int, rank: Int) throws -> [String: JSON] {
    let all = try JSON(Repository.read("\(Repository.folder)/Tests/Fixtures/sample/expected.json"))
    let rows = try #require(all.elements).filter { $0["mp"]?.integer == mp && $0["rank"]?.integer == rank }
    return try Dictionary(uniqueKeysWithValues: rows.map { (try #require($0["name"]?.text), $0) })
  }

  @Test(arguments: [1, 2, 4, 8])
  func everyRankHoldsWhatTheMakerOfTheSampleSays(mp: Int) throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for rank in 0..<mp {
        let answer = try client.get("/shard?rank=\(rank)&mp=\(mp)")
        try #require(answer.status == 200)
        let file = try answer.partition()
        let expected = try SampleTests.expectations(mp: mp, rank: rank)
        #expect(Set(file.tensors.keys) == Set(expected.keys))
        for (name, tensor) in file.tensors {
          #expect(tensor.dtype == expected[name]?["dtype"]?.text)
          #expect(tensor.shape == expected[name]?["shape"]?.elements?.compactMap(\.integer), "\(name)")
          #expect(SHA256.digest(of: tensor.bytes).hexadecimal == expected[name]?["sha256"]?.text, "\(name)")
        }
      }
    }
  }
}
