import Foundation
import Testing

/// Checkpoints that cannot be served: each fails with one clear line, and others keep serving.
@Suite struct BadCheckpointTests {
  /// A checkpoint with something wrong: what is done to a copy of the sample, and what the error has to say.
  struct Bad: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// Exit status of `inspect`.
    let status: Int32
    let words: [String]
    /// Spoils a copy of the sample, and returns what to serve.
    let spoil: @Sendable (TemporaryFolder, String) throws -> String

    /// What is served is the copy's manifest.
    init(
      _ name: String, _ status: Int32, _ words: [String],
      _ spoil: @escaping @Sendable (TemporaryFolder, String) throws -> Void
    ) {
      self.init(serving: name, status, words) { folder, path in
        try spoil(folder, path)
        return path
      }
    }

    init(
      serving name: String, _ status: Int32, _ words: [String],
      _ spoil: @escaping @Sendable (TemporaryFolder, String) throws -> String
    ) {
      testDescription = name
      self.status = status
      self.words = words
      self.spoil = spoil
    }

    /// A manifest with a text in place of the sample's.
    static func manifest(_ name: String, _ words: [String], _ text: String) -> Bad {
      Bad(name, 65, words) { _, path in try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
    }
  }

  static let all: [Bad] = [
    Bad("missing manifest", 66, ["no such file"]) { _, path in try FileManager.default.removeItem(atPath: path) },
    Bad("missing rank file", 66, ["mp_rank_01_model_states.pt", "no such file"]) { folder, _ in
      try FileManager.default.removeItem(atPath: "\(folder.path)/copy/mp_rank_01_model_states.pt")
    },
    Bad("truncated zip", 65, ["mp_rank_01_model_states.pt"]) { folder, _ in
      let file = "\(folder.path)/copy/mp_rank_01_model_states.pt"
      let bytes = try Repository.read(file)
      try Data(bytes.prefix(bytes.count / 2)).write(to: URL(fileURLWithPath: file))
    },
    Bad("empty rank file", 65, ["mp_rank_00_model_states.pt"]) { folder, _ in
      try Data().write(to: URL(fileURLWithPath: "\(folder.path)/copy/mp_rank_00_model_states.pt"))
    },
    Bad("foreign global", 65, ["mp_rank_00_model_states.pt", "subprocess", "Popen__"]) { folder, _ in
      try Checkpoints.replaceGlobal(
        "argparse\nNamespace\n", by: "subprocess\nPopen__\n",
        in: "\(folder.path)/copy/mp_rank_00_model_states.pt")
    },
    Bad("mp_size contradicts the files", 65, ["mp_size 3", "2 files"]) { _, path in
      try Checkpoints.replace("\"mp_size\": 2", by: "\"mp_size\": 3", in: path)
    },
    Bad("versions contradict", 65, ["version", "2.0", "version_override"]) { _, path in
      try Checkpoints.replace("\"version\": 2.0", by: "\"version\": 0.0", in: path)
    },
    Bad("path with ..", 65, [".."]) { _, path in
      try Checkpoints.replace("\"mp_rank_00", by: "\"../copy/mp_rank_00", in: path)
    },
    Bad("absolute path outside", 65, ["/etc/hostname", "--root"]) { _, path in
      try Checkpoints.replace("\"mp_rank_00_model_states.pt\"", by: "\"/etc/hostname\"", in: path)
    },
    Bad("base_dir outside", 65, ["elsewhere", "--root"]) { folder, path in
      try Checkpoints.replace(
        "\"mp_size\": 2", by: "\"mp_size\": 2, \"base_dir\": \"\(folder.path)/elsewhere\"", in: path)
      try FileManager.default.moveItem(atPath: "\(folder.path)/copy", toPath: "\(folder.path)/elsewhere")
      try FileManager.default.createDirectory(atPath: "\(folder.path)/copy", withIntermediateDirectories: false)
      try FileManager.default.moveItem(atPath: "\(folder.path)/elsewhere/manifest.json", toPath: path)
    },
    Bad("link out of the folder", 65, ["mp_rank_00_model_states.pt", "--root"]) { folder, _ in
      let file = "\(folder.path)/copy/mp_rank_00_model_states.pt"
      try FileManager.default.moveItem(atPath: file, toPath: "\(folder.path)/elsewhere.pt")
      try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "../elsewhere.pt")
    },
    Bad("not a regular file", 65, ["mp_rank_00_model_states.pt", "regular"]) { folder, _ in
      let file = "\(folder.path)/copy/mp_rank_00_model_states.pt"
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
    },
    Bad(serving: "folder of nothing known", 65, ["looked for"]) { folder, _ in
      try folder.write("nothing/notes.txt", text: "hello")
      return "\(folder.path)/nothing"
    },
    .manifest("no type", ["type", "Megatron"], #"{"checkpoints": ["a.pt"]}"#),
    .manifest("unknown type", ["GPT", "Megatron"], #"{"type": "GPT", "checkpoints": ["a.pt"]}"#),
    .manifest("no checkpoints", ["checkpoints"], #"{"type": "Megatron", "version": 2.0}"#),
    .manifest("no file named", ["checkpoints"], #"{"type": "Megatron", "checkpoints": []}"#),
    .manifest(
      "wrong JSON", ["line 3", "column 3"], "{\n  \"type\": \"Megatron\",\n  oops\n}\n"),
    .manifest("JSON cut short", ["line 2"], "{\"type\": \"Megatron\",\n\"checkpoints\": [\"a"),
    .manifest("duplicate key", ["type"], #"{"type": "Megatron", "type": "BLOOM", "checkpoints": ["a.pt"]}"#),
  ]

  @Test(arguments: all) func inspectSaysWhatIsWrong(bad: Bad) throws {
    let folder = try TemporaryFolder()
    let path = try bad.spoil(folder, Checkpoints.sample(in: folder))
    let command = try Command("inspect", path)
    #expect(command.status == bad.status)
    #expect(command.errorLines.count == 1, "\(command.errors)")
    #expect(command.output == "")
    for word in bad.words { #expect(command.errors.contains(word), "\(command.errors)") }
  }

  @Test func othersKeepServing() throws {
    let folders = try BadCheckpointTests.all.map { _ in try TemporaryFolder() }
    let paths = try zip(BadCheckpointTests.all, folders).map { bad, folder in
      try bad.spoil(folder, Checkpoints.sample(in: folder))
    }
    try Daemon.run([Repository.sample] + paths) { daemon in
      let client = try daemon.client()
      #expect(try client.get("/readyz").status == 200)
      let list = try #require(try client.get("/manifests").json().elements)
      #expect(list.count == paths.count + 1)
      #expect(list.first?["state"]?.text == "ready")
      for (entry, bad) in zip(list.dropFirst(), BadCheckpointTests.all) {
        #expect(entry["state"]?.text == "failed", "\(bad)")
        let message = try #require(entry["error"]?["message"]?.text)
        for word in bad.words { #expect(message.contains(word), "\(bad): \(message)") }
        let name = try #require(entry["name"]?.text)
        let answer = try client.get("/shard?rank=0&mp=1&model=\(name)")
        #expect(answer.status >= 400)
        #expect(try answer.json()["code"]?.text == entry["error"]?["code"]?.text)
      }
      let alone = try Daemon.run { try $0.get("/shard?rank=1&mp=2").body }
      #expect(try client.get("/shard?rank=1&mp=2&model=gpt2-tiny").body == alone)
    }
  }

  @Test func aFileThatIsCutUnderTheDaemonGivesNoWrongByte() throws {
    let folder = try TemporaryFolder()
    let path = try Checkpoints.sample(in: folder)
    try Daemon.run([path]) { daemon in
      let client = try daemon.client()
      let whole = try client.get("/shard?rank=0&mp=1")
      #expect(whole.status == 200)
      let file = "\(folder.path)/copy/mp_rank_01_model_states.pt"
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
      try handle.truncate(atOffset: 100_000)
      try handle.close()
      #expect(try client.get("/manifests").json()[0]?["state"]?.text == "stale")
      #expect(try client.get("/shard?rank=0&mp=1").isError(500, "data_loss", "mp_rank_01_model_states.pt"))
      #expect(try client.get("/healthz").status == 200)
    }
  }

  @Test func aFileThatIsReplacedIsServedAsItWas() throws {
    let folder = try TemporaryFolder()
    let path = try Checkpoints.sample(in: folder)
    try Daemon.run([path]) { daemon in
      let client = try daemon.client()
      let before = try client.get("/shard?rank=0&mp=1")
      let file = "\(folder.path)/copy/mp_rank_01_model_states.pt"
      try folder.write("other", [UInt8](repeating: 7, count: 1000))
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.moveItem(atPath: "\(folder.path)/other", toPath: file)
      let after = try client.get("/shard?rank=0&mp=1")
      #expect(after.status == 200)
      #expect(after.body == before.body)
      #expect(after["ETag"] == before["ETag"])
      #expect(try client.get("/manifests").json()[0]?["state"]?.text == "stale")
    }
  }
}
