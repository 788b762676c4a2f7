import Testing

@testable import Loader

@Suite struct ManifestParserTests {
  private func parse(_ text: String) throws -> Manifest { try ManifestParser(file: "m.json").parse(Array(text.utf8)) }

  @Test func deepSpeedsKeysAreReadAsTheyAre() throws {
    let manifest = try parse(
      """
      {"type": "megatron", "checkpoints": ["a.pt", "b.pt"], "version": 1, "parallelization": "tp", "mp_size": 2,
       "base_dir": "/ckpt", "dtype": "float16"}
      """)
    #expect(manifest.type == .megatron)
    #expect(manifest.checkpoints == .list(["a.pt", "b.pt"]))
    #expect(manifest.version == 1)
    #expect(manifest.sourceDegree == 2)
    #expect(manifest.baseFolder == "/ckpt")
    #expect(manifest.warnings.isEmpty)
  }

  @Test func nullAndAbsentAreAlike() throws {
    let manifest = try parse("{\"type\": \"BLOOM\", \"checkpoints\": \"*.bin\", \"version\": null, \"mp_size\": null}")
    #expect(manifest.version == nil)
    #expect(manifest.sourceDegree == nil)
    #expect(manifest.checkpoints == .pattern("*.bin"))
  }

  @Test func theTutorialsCommaIsAWarning() throws {
    let manifest = try parse("{\"type\": \"ds_model\", \"checkpoints\": {\"non-tp\": [], \"tp\": [\"x\",]},\n}")
    #expect(manifest.checkpoints == .parts(tensorParallel: ["x"], shared: []))
    #expect(manifest.warnings.count == 2)
    #expect(manifest.warnings[1].contains("line 1"))
  }

  @Test func anUnknownKeyIsAWarning() throws {
    let manifest = try parse("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"colour\": 1}")
    #expect(manifest.warnings.contains { $0.contains("colour") })
  }

  @Test func identityIsBlindToPlacesNamesAndSpelling() throws {
    let one = try parse("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"version\": 2, \"base_dir\": \"/x\"}")
    let other = try parse("{\"version\": 2.0, \"name\": \"n\", \"checkpoints\": [\"a\"], \"type\": \"Megatron\"}")
    #expect(one.identity == other.identity)
    let different = try parse("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"version\": 1}")
    #expect(one.identity != different.identity)
  }

  @Test(arguments: [
    ("{\"checkpoints\": [\"a\"]}", "has no type"), ("{\"type\": \"Zmegatron\", \"checkpoints\": [\"a\"]}", "Zmegatron"),
    ("{\"type\": 3, \"checkpoints\": [\"a\"]}", "has type 3"), ("{\"type\": \"Megatron\"}", "has no checkpoints"),
    ("{\"type\": \"Megatron\", \"checkpoints\": []}", "names no file"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [1]}", "with 1 in it"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"version\": \"abc\"}", "it is a number"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"mp_size\": 0}", "from 1 to"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"mp_size\": 9223372036854775808}", "from 1 to"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"mp_size\": 1, \"tp_size\": 2}", "mean the same"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"parallelization\": \"dp\"}", "tp or pp"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"strict\": 1}", "true or false"),
    ("{\"type\": \"Megatron\", \"checkpoints\": [\"a\"], \"sha256\": {\"a\": \"12\"}}", "64 hexadecimal"),
    ("[1]", "an object"), ("{\"type\": \"Megatron\", \"type\": \"BLOOM\"}", "twice"), ("", "not valid JSON"),
    ("{\n\"type\": Megatron}", "line 2, column 9"),
  ])
  func aWrongManifestSaysWhatWouldBeRight(text: String, reason: String) throws {
    let error = try #require(throws: LoaderError.self) { try parse(text) }
    #expect(error.description.contains(reason), "\(error)")
    #expect(error.code == .invalidCheckpoint)
  }
}
