import Foundation
import Testing

/// `checkpoints.watch`: what appears in a folder is served once it is whole, and no more once it is gone.
@Suite struct WatchTests {
  /// A daemon that watches a folder.
  private static func run(
    listening: [String: String] = [:], _ body: (Daemon, TemporaryFolder, _ watched: String) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    try folder.write("watched/readme.txt", text: "")
    let environment = [
      "WEIGHT_SERVER_CHECKPOINTS_WATCH": "\(folder.path)/watched", "WEIGHT_SERVER_CHECKPOINTS_QUIET_SECONDS": "0.2",
    ]
    try Daemon.run(
      [], listen: ["127.0.0.1:0", "unix:\(folder.path)/ws.sock"], environment: environment.merging(listening) { $1 }
    ) { try body($0, folder, "\(folder.path)/watched") }
  }

  @Test func whatAppearsIsServedAndWhatGoesIsNot() throws {
    try WatchTests.run { daemon, folder, _ in
      #expect(try daemon.get("/readyz").status == 503)
      _ = try Checkpoints.sample(in: folder, as: "watched/a")
      try daemon.waitForManifests { $0.first?["state"]?.text == "ready" }
      #expect(try daemon.get("/readyz").status == 200)
      let whole = try daemon.get("/shard?rank=0&mp=1")
      #expect(whole.status == 200)
      // A rename makes something whole at once.
      _ = try Checkpoints.sample(in: folder, as: "aside")
      try FileManager.default.moveItem(atPath: "\(folder.path)/aside", toPath: "\(folder.path)/watched/b")
      try daemon.waitForManifests { $0.count == 2 && $0.allSatisfy { $0["state"]?.text == "ready" } }
      #expect(try daemon.names() == ["gpt2-tiny", "gpt2-tiny-2"])
      try FileManager.default.removeItem(atPath: "\(folder.path)/watched/a")
      try daemon.waitForManifests { $0.count == 1 }
      #expect(try daemon.get("/shard?rank=0&mp=1").body.count == whole.body.count)
    }
  }

  @Test func whatIsNotWholeIsNotServed() throws {
    try WatchTests.run { daemon, folder, watched in
      _ = try Checkpoints.sample(in: folder, as: "aside")
      let names = ["manifest.json", "mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"]
      try FileManager.default.createDirectory(atPath: "\(watched)/a", withIntermediateDirectories: false)
      for name in names.prefix(2) { try folder.copy("\(folder.path)/aside/\(name)", as: "watched/a/\(name)") }
      // Another that comes later is served, while this one, which lacks a file, does not even show.
      _ = try Checkpoints.sample(in: folder, as: "watched/b")
      try daemon.waitForManifests { $0.contains { $0["state"]?.text == "ready" } }
      #expect(try daemon.names().count == 1)
      try folder.write("watched/a/\(names[2]).tmp", try Repository.read("\(folder.path)/aside/\(names[2])"))
      try FileManager.default.moveItem(
        atPath: "\(watched)/a/\(names[2]).tmp", toPath: "\(watched)/a/\(names[2])")
      try daemon.waitForManifests { $0.count == 2 && $0.allSatisfy { $0["state"]?.text == "ready" } }
    }
  }

  @Test func whatChangesIsReadAgain() throws {
    try WatchTests.run { daemon, folder, _ in
      let manifest = try Checkpoints.sample(in: folder, as: "watched/a")
      try daemon.waitForManifests { $0.first?["state"]?.text == "ready" }
      let before = try daemon.get("/shard?rank=0&mp=1")
      try Checkpoints.replace("\"mp_size\": 2,", by: "\"mp_size\": 2, \"strict\": true,", in: manifest)
      let old = try before.revision()
      try daemon.waitForManifests { $0.first?["revision"]?.text != old }
      let pinned = try daemon.get("/shard?rank=0&mp=1&revision=\(old)")
      #expect(pinned.body == before.body)
    }
  }

  @Test func withoutNotificationsItIsLookedThroughNowAndThen() throws {
    // A folder that appears in place of another has no notifications of its own until it is looked through.
    try WatchTests.run(listening: ["WEIGHT_SERVER_CHECKPOINTS_RESCAN_SECONDS": "0.1"]) { daemon, folder, watched in
      try FileManager.default.moveItem(atPath: watched, toPath: "\(folder.path)/gone")
      _ = try Checkpoints.sample(in: folder, as: "made")
      try FileManager.default.createDirectory(atPath: watched, withIntermediateDirectories: false)
      try FileManager.default.moveItem(atPath: "\(folder.path)/made", toPath: "\(watched)/made")
      try daemon.waitForManifests { $0.first?["state"]?.text == "ready" }
    }
  }

  @Test func aLinkOutOfTheFolderIsRefused() throws {
    try WatchTests.run { daemon, folder, watched in
      _ = try Checkpoints.sample(in: folder, as: "elsewhere")
      try FileManager.default.createSymbolicLink(
        atPath: "\(watched)/link", withDestinationPath: "\(folder.path)/elsewhere")
      try daemon.waitForManifests { $0.first?["state"]?.text == "failed" }
      #expect(try daemon.get("/manifests").text.contains("--root"))
    }
  }

  @Test func theWatchedFolderIsARoot() throws {
    try WatchTests.run { daemon, folder, watched in
      _ = try Checkpoints.sample(in: folder, as: "watched/.later")
      let answer = try daemon.administer("PUT", "/manifests/own", body: "{\"path\": \"\(watched)/.later\"}")
      #expect(answer.status == 201, "\(answer)")
    }
  }

  @Test func aFolderThatIsNotThereIsAMistake() throws {
    let command = try Command("serve", environment: ["WEIGHT_SERVER_CHECKPOINTS_WATCH": "/nowhere/at/all"])
    #expect(command.status == 64)
    #expect(command.errors.contains("checkpoints.watch") && command.errors.contains("/nowhere/at/all"))
  }
}
