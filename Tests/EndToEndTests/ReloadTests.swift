import Testing

/// SIGHUP: the configuration is read again, and holds as far as it can; a bad one changes nothing.
@Suite struct ReloadTests {
  private static let done = "configuration was read again"

  /// A daemon over a configuration that a test writes anew.
  private static func run(
    _ manifests: String, _ body: (Daemon, _ write: (String) throws -> Void) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    for name in ["one", "two"] { _ = try Checkpoints.sample(in: folder, as: name) }
    let write = { (text: String) in _ = try folder.write("config.yaml", text: text) }
    try write("checkpoints:\n  manifests: \(manifests)\n")
    try Daemon.run(
      ["--config", "\(folder.path)/config.yaml"], listen: ["127.0.0.1:0", "unix:\(folder.path)/ws.sock"]
    ) { try body($0, write) }
  }

  @Test func checkpointsComeAndGo() throws {
    try ReloadTests.run("[{path: one, name: a}]") { daemon, write in
      let before = try daemon.get("/shard?rank=0&mp=1")
      try write("checkpoints:\n  manifests: [{path: one, name: a}, {path: two, name: b}]\n")
      daemon.process.hangUp()
      try daemon.waitForManifests { $0.count == 2 && $0.allSatisfy { $0["state"]?.text == "ready" } }
      #expect(try daemon.names() == ["a", "b"])
      #expect(try daemon.get("/shard?rank=0&mp=1&model=a")["ETag"] == before["ETag"])
      try write("checkpoints:\n  manifests: [{path: two, name: b}]\n")
      daemon.process.hangUp()
      try daemon.waitForManifests { $0.count == 1 }
      #expect(try daemon.names() == ["b"])
    }
  }

  @Test func aNameThatMovesToAnotherPathIsServedAllTheTime() throws {
    try ReloadTests.run("[{path: one, name: a}]") { daemon, write in
      let before = try #require(try daemon.manifest("a")?["revision"])
      try write("checkpoints:\n  manifests: [{path: two, name: a}]\n")
      daemon.process.hangUp()
      var seen: Set<String> = []
      while try daemon.manifest("a")?["revision"] == before {
        seen.insert(try daemon.manifest("a")?["state"]?.text ?? "none")
      }
      #expect(seen.isSubset(of: ["ready"]))
      #expect(try daemon.manifest("a")?["previous_revisions"]?.elements == [before])
    }
  }

  @Test(arguments: [
    "checkpoints: [", "limits:\n  conections: 5", "roots: [/nowhere/at/all]",
    "checkpoints:\n  manifests: [{path: one, name: api}]",
  ])
  func aBadConfigurationKeepsTheOldAndSaysWhy(text: String) throws {
    try ReloadTests.run("[{path: one, name: a}]") { daemon, write in
      try write(text + "\n")
      daemon.process.hangUp()
      try daemon.waitForLog("configuration was not taken over; the old one holds")
      #expect(try daemon.names() == ["a"])
      #expect(try daemon.get("/shard?rank=0&mp=1").status == 200)
      #expect(!daemon.process.errors.contains(ReloadTests.done))
    }
  }

  @Test func theLogLevelChangesAndWhatNeedsARestartIsSaidInOneLine() throws {
    try ReloadTests.run("[{path: one, name: a}]") { daemon, write in
      try write(
        "cache:\n  mode: always\n  bytes: 5\nlogging:\n  level: notice\ncheckpoints:\n  manifests: [{path: one, name: a}]\n"
      )
      daemon.process.hangUp()
      try daemon.waitForLog(ReloadTests.done)
      let lines = daemon.process.errors.split(separator: "\n").filter { $0.contains("need a restart") }
      #expect(lines.count == 1)
      #expect(lines.first?.contains("cache.mode, cache.bytes") == true, "\(lines)")
      #expect(try daemon.get("/shard?rank=0&mp=1").status == 200)
      #expect(!daemon.process.errors.contains("/shard"))
      #expect(try daemon.get("/stats").json()["cache"]?["mode"]?.text == "auto")
    }
  }

  @Test func limitsHoldForConnectionsThatCome() throws {
    try ReloadTests.run("[{path: one, name: a}]") { daemon, write in
      let long = "/healthz?" + String(repeating: "x", count: 500)
      let before = try daemon.client()
      #expect(try before.get(long).status == 400)
      try write("limits:\n  target_bytes: 256\ncheckpoints:\n  manifests: [{path: one, name: a}]\n")
      daemon.process.hangUp()
      try daemon.waitForLog(ReloadTests.done)
      #expect(try daemon.get(long).isError(414, "resource_exhausted", "256"))
      // One that is open goes on as it began.
      #expect(try before.get(long).status == 400)
      #expect(!daemon.process.errors.contains("need a restart"))
    }
  }

  @Test func whatRequestsChangedStays() throws {
    try ReloadTests.run("[{path: one, name: a}, {path: two, name: b}]") { daemon, _ in
      let answer = try daemon.administer("DELETE", "/manifests/b")
      #expect(answer.status == 204)
      daemon.process.hangUp()
      try daemon.waitForLog(ReloadTests.done)
      #expect(try daemon.names() == ["a"])
    }
  }
}
