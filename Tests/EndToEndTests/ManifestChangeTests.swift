import Foundation
import Testing

/// PUT, DELETE and reload of manifests while the daemon runs: each whole, and nothing in flight is disturbed.
@Suite struct ManifestChangeTests {
  private static let shard = "/shard?rank=0&mp=1"

  private static func listeners(_ folder: TemporaryFolder) -> [String] {
    ["127.0.0.1:0", "unix:\(folder.path)/ws.sock"]
  }

  /// A daemon over a copy of the sample, whose folder is a root.
  private static func run(_ body: (Daemon, TemporaryFolder, _ manifest: String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let manifest = try Checkpoints.sample(in: folder)
    try Daemon.run([manifest, "--root", folder.path], listen: ManifestChangeTests.listeners(folder)) {
      try body($0, folder, manifest)
    }
  }

  /// Makes another content of a copy of the sample, by a key that is part of its identity.
  private static func change(_ manifest: String) throws {
    try Checkpoints.replace("\"mp_size\": 2,", by: "\"mp_size\": 2, \"strict\": true,", in: manifest)
  }

  @Test func aCheckpointThatIsPutIsServed() throws {
    try ManifestChangeTests.run { daemon, folder, manifest in
      let path = try folder.copy(URL(fileURLWithPath: manifest).deletingLastPathComponent().path, as: "other")
      let put = try daemon.administer("PUT", "/manifests/new", body: "{\"path\": \"\(path)\"}")
      #expect(put.status == 201)
      #expect(put["Location"] == "/manifests/new")
      #expect(try put.json()["state"]?.text == "ready")
      let again = try daemon.administer("PUT", "/manifests/new", body: "{\"path\": \"\(path)\"}")
      #expect(again.status == 200)
      #expect(try again.json()["revision"] == put.json()["revision"])
      let body = try daemon.get(ManifestChangeTests.shard + "&model=gpt2-tiny").body
      #expect(
        try daemon.get(ManifestChangeTests.shard + "&model=new").partition().tensors == SafetensorsFile(body).tensors)
    }
  }

  @Test func aManifestMayComeInTheRequest() throws {
    try ManifestChangeTests.run { daemon, folder, manifest in
      let text = String(decoding: try Repository.read(manifest), as: UTF8.self)
      let inline = text.replacing("\"name\": \"gpt2-tiny\",", with: "\"base_dir\": \"\(folder.path)/copy\",")
      let put = try daemon.administer("PUT", "/manifests/inline", body: inline)
      #expect(put.status == 201, "\(put)")
      // Where the files lie is no part of what they are.
      #expect(try put.json()["revision"] == daemon.manifest("gpt2-tiny")?["revision"])
      #expect(try daemon.administer("POST", "/manifests/inline/reload").status == 200)
    }
  }

  @Test(arguments: [
    ("new", "", ["JSON"]), ("new", "[]", ["object"]), ("new", "{\"path\": 5}", ["path"]),
    ("new", "{\"path\": \"/etc\"}", ["/etc", "--root"]), ("new", "{\"path\": \"FOLDER/../..\"}", ["'..'"]),
    ("new", "{\"path\": \"copy\"}", ["absolute"]), ("new", "{\"path\": \"FOLDERcopy\"}", ["--root"]),
    ("new", "{\"path\": \"FOLDER/copy\", \"type\": \"BLOOM\"}", ["type"]),
    ("new", "{\"type\": \"Megatron\", \"checkpoints\": [\"a.pt\"]}", ["base_dir"]),
    ("new", "{\"type\": \"Megatron\", \"checkpoints\": [\"a.pt\"], \"base_dir\": \"/\"}", ["base_dir", "--root"]),
    ("new", "{\"name\": \"other\", \"base_dir\": \"FOLDER\"}", ["other", "new"]),
    ("metrics", "{\"path\": \"FOLDER/copy\"}", ["metrics"]), ("a%20b", "{\"path\": \"FOLDER/copy\"}", ["a b"]),
    ("a%2F..%2Fb", "{\"path\": \"FOLDER/copy\"}", ["a/../b"]),
  ])
  func whatCannotBePutIsRefusedAndNothingIsAdded(name: String, body: String, words: [String]) throws {
    try ManifestChangeTests.run { daemon, folder, _ in
      let body = body.replacing("FOLDER", with: folder.path)
      let answer = try daemon.administer("PUT", "/manifests/\(name)", body: body)
      #expect(answer.isError(400, "invalid_argument"), "\(answer)")
      for word in words { #expect(answer.text.contains(word.replacing("/", with: "/")), "\(answer)") }
      #expect(try daemon.get("/manifests").json().elements?.count == 1)
    }
  }

  @Test func whatCannotBeLoadedLeavesThingsAsTheyWere() throws {
    try ManifestChangeTests.run { daemon, folder, manifest in
      let body = "{\"path\": \"\(folder.path)/nothing\"}"
      #expect(
        try daemon.administer("PUT", "/manifests/new", body: body).isError(400, "failed_precondition", "nothing"))
      #expect(try daemon.get("/manifests").json().elements?.count == 1)
      // Still the only one, so that nobody has to name it.
      let before = try daemon.get(ManifestChangeTests.shard)
      #expect(before.status == 200)
      let over = try daemon.administer("PUT", "/manifests/gpt2-tiny", body: body)
      #expect(over.isError(400, "failed_precondition", "served on"))
      #expect(try daemon.get(ManifestChangeTests.shard).body == before.body)
      let entry = try #require(try daemon.manifest("gpt2-tiny"))
      #expect(entry["state"]?.text == "ready")
      #expect(entry["reload"]?["state"]?.text == "failed")
      #expect(entry["reload"]?["error"]?["message"]?.text?.contains("nothing") == true)
      // Its place is what it was.
      #expect(try daemon.administer("POST", "/manifests/gpt2-tiny/reload").status == 200)
      #expect(try daemon.manifest("gpt2-tiny")?["reload"] == nil)
      // Whoever does not wait finds the error in the list.
      #expect(try daemon.administer("PUT", "/manifests/new?wait=false", body: body).status == 202)
      try daemon.waitForManifests { $0.contains { $0["name"]?.text == "new" && $0["state"]?.text == "failed" } }
      #expect(try daemon.get(ManifestChangeTests.shard).status == 200)
      #expect(try daemon.administer("DELETE", "/manifests/new").status == 204)
    }
  }

  @Test func aLinkOutOfTheRootsIsRefused() throws {
    let elsewhere = try TemporaryFolder()
    _ = try Checkpoints.sample(in: elsewhere)
    try ManifestChangeTests.run { daemon, folder, _ in
      let link = "\(folder.path)/link"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(elsewhere.path)/copy")
      let answer = try daemon.administer("PUT", "/manifests/new", body: "{\"path\": \"\(link)\"}")
      #expect(answer.isError(400, "failed_precondition", "outside the roots", "--root"), "\(answer)")
    }
  }

  @Test func aRevisionThatIsPinnedIsServedOnAfterAReload() throws {
    try ManifestChangeTests.run { daemon, _, manifest in
      let before = try daemon.get("/shard?rank=0&mp=2")
      let other = try daemon.get("/shard?rank=1&mp=2")
      let old = try before.revision()
      try ManifestChangeTests.change(manifest)
      let reload = try daemon.administer("POST", "/manifests/gpt2-tiny/reload")
      #expect(reload.status == 200)
      let new = try #require(try reload.json()["revision"]?.text)
      #expect(new != old)
      #expect(try reload.json()["previous_revisions"]?.elements == [.text(old)])
      #expect(try daemon.get("/shard?rank=1&mp=2").revision() == new)
      let pinned = try daemon.get("/shard?rank=1&mp=2&revision=\(old)")
      #expect(try pinned.revision() == old)
      #expect(pinned.body == other.body)
      #expect(pinned["ETag"] == other["ETag"])
      let unknown = try daemon.get("/shard?rank=1&mp=2&revision=\(String(repeating: "0", count: 40))")
      #expect(unknown.isError(400, "failed_precondition", new))
    }
  }

  @Test func aRevisionWhoseFilesWereWrittenIsNotServedAndNeverMixed() throws {
    try ManifestChangeTests.run { daemon, folder, manifest in
      let old = try daemon.get(ManifestChangeTests.shard).revision()
      let file = "\(folder.path)/copy/mp_rank_01_model_states.pt"
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
      let bytes = try Repository.read(file)
      try handle.write(contentsOf: Data(bytes))
      try handle.close()
      #expect(try daemon.get(ManifestChangeTests.shard).isError(500, "data_loss"))
      let new = try daemon.administer("POST", "/manifests/gpt2-tiny/reload").json()
      #expect(new["state"]?.text == "ready")
      #expect(new["previous_revisions"]?.elements == [])
      let pinned = try daemon.get(ManifestChangeTests.shard + "&revision=\(old)")
      #expect(pinned.isError(400, "failed_precondition", old))
    }
  }

  @Test func requestsInFlightFinishOnWhatTheyBeganWith() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 32 << 20)
    try Daemon.run(
      ["--name", "large", "--root", folder.path, checkpoint], listen: ManifestChangeTests.listeners(folder)
    ) { daemon in
      let expected = try daemon.get(ManifestChangeTests.shard).body
      let connection = try daemon.connect(receiveBuffer: 65_536)
      try connection.send("GET \(ManifestChangeTests.shard) HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try connection.head()
      let sample = try Checkpoints.sample(in: folder)
      let put = try daemon.administer("PUT", "/manifests/large", body: "{\"path\": \"\(sample)\"}")
      #expect(put.status == 200)
      #expect(try daemon.get(ManifestChangeTests.shard).body.count != expected.count)
      #expect(try daemon.administer("DELETE", "/manifests/large").status == 204)
      #expect(try daemon.get(ManifestChangeTests.shard).isError(404, "not_found"))
      let length = try #require(head["Content-Length"].flatMap { Int($0) })
      #expect(try connection.body(length) == expected)
    }
  }

  @Test func whatIsNotThereCannotBeChanged() throws {
    try ManifestChangeTests.run { daemon, _, _ in
      #expect(try daemon.administer("DELETE", "/manifests/none").isError(404, "not_found"))
      #expect(try daemon.administer("POST", "/manifests/none/reload").isError(404, "not_found"))
      #expect(
        try daemon.administer("POST", "/manifests/gpt2-tiny/reload?now=1").isError(400, "invalid_argument", "wait"))
      let wrong = try daemon.administer("POST", "/manifests/gpt2-tiny")
      #expect(wrong.isError(405, "unimplemented"))
      #expect(wrong["Allow"] == "GET, HEAD, PUT, DELETE")
    }
  }
}
