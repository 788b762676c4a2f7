import Testing

/// The commands beside `serve`: what they print, write and end with.
@Suite struct CommandTests {
  @Test(
    arguments: [
      ([], 0), (["--help"], 0), (["--version"], 0), (["frobnicate"], 64), (["inspect"], 64),
      (["inspect", "--frobnicate", "x"], 64), (["serve", "--listen"], 64), (["export", "x"], 64),
      (["pull", "--mp", "2"], 64),
      (["inspect", "/nowhere"], 66), (["export", "/nowhere", "--mp", "1", "-o", "/tmp"], 66),
      (["manifests", "http://127.0.0.1:1"], 69), (["manifests", "unix:/nowhere/ws.sock"], 69),
      (["manifests", "ftp://x"], 64),
    ] as [([String], Int32)])
  func theStatusSaysWhatKindOfFailureItWas(arguments: [String], status: Int32) throws {
    let process = try ChildProcess(arguments)
    #expect(try process.exitStatus() == status, "\(process.errors)")
    if status != 0 {
      #expect(process.errors.split(separator: "\n").count == 1, "\(process.errors)")
      #expect(try process.wholeOutput() == "")
    }
  }

  @Test func inspectPrintsWhatItFoundAndWhy() throws {
    let command = try Command("inspect", Repository.sample, "--mp", "4")
    #expect(command.status == 0)
    for word in ["gpt2-tiny", "Megatron", "tp 2", "1, 2, 4, 8", "word_embeddings.weight", "[128, 64]"] {
      #expect(command.output.contains(word), "\(word) in \(command.output)")
    }
    #expect(!command.output.contains("\u{1B}"), "colour is for terminals")
  }

  @Test func inspectAsJSONIsWhatTheDaemonSays() throws {
    let inspected = try JSON([UInt8](try Command("inspect", "--json", Repository.sample).output.utf8))
    let served = try Daemon.run { try $0.get("/manifests/gpt2-tiny").json() }
    for key in ["name", "revision", "type", "family", "source_mp", "tensor_count", "mp_degrees", "tensors", "files"] {
      #expect(inspected[key] != nil && inspected[key] == served[key], "\(key)")
    }
  }

  @Test func inspectRefusesWhatCannotBe() throws {
    let degree = try Command("inspect", Repository.sample, "--mp", "3")
    #expect(degree.status == 64)
    #expect(degree.errors.contains("mp=3") && degree.errors.contains("1, 2, 4, 8"))
    let rank = try Command("inspect", Repository.sample, "--mp", "4", "--rank", "4")
    #expect(rank.status == 64)
    #expect(rank.errors.contains("ranks are 0...3"))
  }

  @Test func exportWritesWhatTheDaemonServes() throws {
    let folder = try TemporaryFolder()
    let command = try Command("export", Repository.sample, "--mp", "4", "-o", "\(folder.path)/out")
    #expect(command.status == 0, "\(command.errors)")
    try Daemon.run { daemon in
      for rank in 0..<4 {
        let file = try Repository.read("\(folder.path)/out/gpt2-tiny-rank-\(rank)-of-4.safetensors")
        #expect(try daemon.get("/shard?rank=\(rank)&mp=4").body == file)
      }
    }
  }

  @Test func exportThatCannotWriteIsAnInputOutputError() throws {
    let command = try Command("export", Repository.sample, "--mp", "1", "-o", "/dev/null/out")
    #expect(command.status == 74, "\(command.errors)")
    #expect(command.errors.contains("/dev/null/out"))
  }

  @Test func manifestsListsWhatAServerHas() throws {
    try Daemon.run([Repository.sample, "/nowhere/other.json"]) { daemon in
      let command = try Command("manifests", daemon.url)
      #expect(command.status == 0, "\(command.errors)")
      for word in ["gpt2-tiny", "ready", "Megatron", "1,2,4,8", "other", "failed", "no such file"] {
        #expect(command.output.contains(word), "\(word) in \(command.output)")
      }
    }
  }
}
