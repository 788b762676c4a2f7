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

  @Test func aPartitionIsAlignedAndSaysWhatItIs() throws {
    try Daemon.run { daemon in
      let answer = try daemon.get("/shard?rank=2&mp=4")
      let file = try answer.partition()
      #expect(file.dataStart % 64 == 0)
      let revision = try #require(answer["X-Manifest-Revision"])
      #expect(revision.count == 40)
      let expected = [
        "format": "pt", "model": "gpt2-tiny", "revision": revision, "rank": "2", "mp": "4", "names": "source",
        "source_type": "Megatron", "family": "megatron", "checkpoint_version": "2.0", "num_attention_heads": "8",
      ]
      for (key, value) in expected { #expect(file.metadata[key] == value, "\(key)") }
      #expect(answer["Content-Length"] == "\(answer.body.count)")
      #expect(answer["Accept-Ranges"] == "bytes")
      #expect(answer["Cache-Control"] == "no-cache")
      #expect(answer["Content-Disposition"]?.contains("gpt2-tiny-rank-2-of-4.safetensors") == true)
      #expect(answer["ETag"]?.hasPrefix("\"") == true)
      #expect(answer["Last-Modified"]?.hasSuffix("GMT") == true)
    }
  }

  @Test func aPinnedRevisionIsServedForever() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let revision = try #require(try client.get("/shard?rank=0&mp=2", method: "HEAD")["X-Manifest-Revision"])
      let answer = try client.get("/shard?rank=0&mp=2&revision=\(revision)")
      #expect(answer.status == 200)
      #expect(answer["Cache-Control"] == "public, max-age=31536000, immutable")
    }
  }

  @Test func hostsWithTheSameContentGiveTheSameTags() throws {
    let tags = try (0..<2).map { _ in
      try Daemon.run { daemon in
        try (0..<4).map { rank in try daemon.get("/shard?rank=\(rank)&mp=4", method: "HEAD")["ETag"] }
      }
    }
    #expect(tags[0] == tags[1])
    #expect(Set(tags[0]).count == 4)
  }

  @Test func headSaysWhatGetSays() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for target in ["/shard?rank=1&mp=2", "/tensor?name=word_embeddings.weight&rank=0&mp=2", "/plan?mp=2", "/healthz"]
      {
        let get = try client.get(target)
        let head = try client.get(target, method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        // A digest is told once it is known, which may be between the two.
        let varying = ["date", "x-request-id", "repr-digest"]
        let fields = { (answer: Answer) in
          answer.fields.filter { !varying.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" }
        }
        #expect(fields(get) == fields(head))
      }
    }
  }

  @Test func aTensorIsItsPartOfThePartition() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      let file = try client.get("/shard?rank=3&mp=4").partition()
      for name in ["word_embeddings.weight", "transformer.layers.1.mlp.dense_4h_to_h.weight"] {
        let tensor = try #require(file.tensors[name])
        let answer = try client.get("/tensor?name=\(name)&rank=3&mp=4")
        #expect(answer.status == 200)
        #expect(answer.body == tensor.bytes)
        #expect(answer["X-Tensor-Dtype"] == tensor.dtype)
        let shape = try JSON([UInt8](try #require(answer["X-Tensor-Shape"]).utf8))
        #expect(shape.elements?.compactMap(\.integer) == tensor.shape)
        let range = try client.get("/tensor?name=\(name)&rank=3&mp=4", ["Range": "bytes=10-29"])
        #expect(range.body == Array(tensor.bytes[10...29]))
      }
    }
  }

  @Test func patternsChooseTensors() throws {
    try Daemon.run { daemon in
      let file = try daemon.get("/shard?rank=0&mp=2&tensors=*.layers.1.mlp.*,position_embeddings.weight").partition()
      #expect(file.tensors.count == 5)
      #expect(file.tensors.keys.allSatisfy { $0.contains("layers.1.mlp") || $0.contains("position") })
    }
  }
}
