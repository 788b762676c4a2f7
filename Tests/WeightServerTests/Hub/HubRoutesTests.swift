import Foundation
import HTTPTypes
import Loader
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct HubRoutesTests {
  @Test(arguments: [
    ("main", "model.safetensors", "rank=0&mp=1"),
    ("mp4-bfloat16", "rank-3-of-4.safetensors", "rank=3&mp=4&dtype=bfloat16"),
  ])
  func aFileOfWeightsIsThePartition(revision: String, file: String, query: String) async throws {
    let sample = Sample()
    let shard = try await sample.get("/shard?names=hf&\(query)")
    let resolved = try await sample.get("/gpt2-tiny/resolve/\(revision)/\(file)")
    #expect(resolved.status == 200)
    #expect(resolved.body == shard.body)
    #expect(resolved.fields[.eTag] == shard.fields[.eTag])
    #expect(resolved.fields[.linkedTag] == shard.fields[.eTag])
    #expect(resolved.fields[.linkedSize] == String(shard.body.count))
    let info = try await sample.get("/api/models/gpt2-tiny/revision/\(revision)").json()
    #expect(resolved.fields[.repositoryCommit] == info["sha"]?.asText)
    #expect(resolved.fields[.cacheControl] == "no-cache")
  }

  @Test func aCommitIdIsARevisionThatMayBeKeptForever() async throws {
    let sample = Sample()
    let branch = try await sample.get("/gpt2-tiny/resolve/mp2/rank-1-of-2.safetensors")
    let commit = try #require(branch.fields[.repositoryCommit])
    let pinned = try await sample.get("/gpt2-tiny/resolve/\(commit)/rank-1-of-2.safetensors")
    #expect(pinned.body == branch.body)
    #expect(pinned.fields[.repositoryCommit] == commit)
    #expect(pinned.fields[.cacheControl] == "public, max-age=31536000, immutable")
    // The configuration is no part of the manifest's revision.
    let configuration = try await sample.get("/gpt2-tiny/resolve/\(commit)/config.json")
    #expect(configuration.fields[.cacheControl] == "no-cache")
  }

  @Test func aRangeOfEveryKindOfFileIsServed() async throws {
    let sample = Sample()
    for file in ["model.safetensors", "config.json"] {
      let whole = try await sample.get("/gpt2-tiny/resolve/main/\(file)")
      let part = try await sample.get("/gpt2-tiny/resolve/main/\(file)", fields: [.range: "bytes=10-19"])
      #expect(part.status == 206)
      #expect(part.body == Array(whole.body[10..<20]))
      let known = try await sample.get(
        "/gpt2-tiny/resolve/main/\(file)", fields: [.ifNoneMatch: try #require(whole.fields[.eTag])])
      #expect(known.status == 304)
    }
  }

  @Test func listingsSayTheSizesThatTheFilesHave() async throws {
    let sample = Sample()
    let tree = try #require(try await sample.get("/api/models/gpt2-tiny/tree/mp8").json().asArray)
    #expect(tree.count == 9)
    let blobs = try await sample.get("/api/models/gpt2-tiny/revision/mp8?blobs=True").json()
    let siblings = try #require(blobs["siblings"]?.asArray)
    for (entry, sibling) in zip(tree, siblings) {
      let path = try #require(entry["path"]?.asText)
      #expect(sibling["rfilename"]?.asText == path)
      let file = try await sample.get("/gpt2-tiny/resolve/mp8/\(path)")
      #expect(entry["size"]?.asInteger == file.body.count)
      #expect(sibling["size"]?.asInteger == file.body.count)
    }
  }

  @Test func pagesOfAListingAreItsEntriesOnce() async throws {
    let sample = Sample()
    var target: String? = "/api/models/gpt2-tiny/tree/mp8?limit=4&expand=true"
    var paths: [String] = []
    var pages = 0
    while let page = target {
      let answer = try await sample.get(page)
      let entries = try #require(try answer.json().asArray)
      #expect(entries.count <= 4)
      for entry in entries { #expect(entry["lastCommit"]?["id"]?.asText == answer.fields[.repositoryCommit]) }
      paths += entries.compactMap { $0["path"]?.asText }
      pages += 1
      target = answer.fields[.link].map { link in
        String(link.dropFirst("<http://test".count).prefix { $0 != ">" })
      }
    }
    #expect(pages == 3)
    #expect(paths == ["config.json"] + (0..<8).map { "rank-\($0)-of-8.safetensors" })
  }

  @Test func foldersAreListedAndFoundByName() async throws {
    let sample = try Sample.withAssets()
    let top = try #require(try await sample.sample.get("/api/models/m/tree/main").json().asArray)
    #expect(
      top.map { $0["path"]?.asText } == [
        "additional_chat_templates", "config.json", "model.safetensors", "tokenizer.json",
      ])
    #expect(top[0]["type"]?.asText == "directory")
    let folder = try await sample.sample.get("/api/models/m/tree/main/additional_chat_templates").json()
    #expect(folder.asArray?.compactMap { $0["path"]?.asText } == ["additional_chat_templates/tools.jinja"])
    let all = try await sample.sample.get("/api/models/m/tree/main?recursive=true").json()
    #expect(all.asArray?.count == 5)
    let template = try await sample.sample.get("/m/resolve/main/additional_chat_templates/tools.jinja")
    #expect(template.body == Array("{{ tools }}".utf8))
    #expect(template.fields[.contentType] == "text/plain; charset=utf-8")
  }

  @Test func whatIsNotOnTheListIsNotThere() async throws {
    let sample = try Sample.withAssets()
    for file in ["secret.json", "model.py", "mp_rank_00_model_states.pt", "manifest.json", "..%2Fm%2Fsecret.json"] {
      let answer = try await sample.sample.get("/m/resolve/main/\(file)")
      #expect(answer.status == 404)
      #expect(answer.fields[.hubErrorCode] == "EntryNotFound")
      #expect(answer.fields[.repositoryCommit] != nil)
    }
  }

  @Test(arguments: ["paths=config.json&paths=absent&paths=additional_chat_templates&expand=False", "json"])
  func pathsAreAskedForInAFormOrInJSON(body: String) async throws {
    let sample = try Sample.withAssets()
    let json = #"{"paths": ["config.json", "absent", "additional_chat_templates"], "expand": false}"#
    let isJSON = body == "json"
    let answer = try await sample.sample.get(
      "/api/models/m/paths-info/main", method: .post,
      fields: [.contentType: isJSON ? "application/json" : "application/x-www-form-urlencoded"],
      body: Array((isJSON ? json : body).utf8))
    #expect(answer.status == 200)
    let entries = try #require(try answer.json().asArray)
    #expect(entries.map { $0["type"]?.asText } == ["file", "directory"])
  }

  @Test func branchesAreTheDegrees() async throws {
    let json = try await Sample().get("/api/models/gpt2-tiny/refs").json()
    #expect(json["branches"]?.asArray?.compactMap { $0["name"]?.asText } == ["main", "mp1", "mp2", "mp4", "mp8"])
  }

  @Test func onlyPropertiesThatAreAskedForAreTold() async throws {
    let json = try await Sample().get("/api/models/gpt2-tiny?expand=sha&expand=safetensors&expand=likelyNothing").json()
    #expect(json.asObject?.members.map(\.0) == ["id", "modelId", "sha", "safetensors"])
  }

  @Test func aNamespaceMayStandBeforeTheName() async throws {
    let sample = Sample()
    for path in ["/api/models/%@/tree/main", "/%@/resolve/main/config.json"] {
      let plain = try await sample.get(path.replacing("%@", with: "gpt2-tiny"))
      let named = try await sample.get(path.replacing("%@", with: "weight-server/gpt2-tiny"))
      #expect(plain.status == 200)
      #expect(named.body == plain.body)
    }
  }

  @Test(arguments: [
    ("/api/models/other", 404, "RepoNotFound", "no model other"),
    ("/other/resolve/main/config.json", 404, "RepoNotFound", "no model other"),
    ("/api/models/gpt2-tiny/revision/dev", 404, "RevisionNotFound", "neither main nor mpM"),
    ("/api/models/gpt2-tiny/revision/mp3", 404, "RevisionNotFound", "mp 1, 2, 4, 8"),
    ("/gpt2-tiny/resolve/mp3/config.json", 404, "RevisionNotFound", "mp 1, 2, 4, 8"),
    ("/gpt2-tiny/resolve/mp2-bf16/config.json", 404, "RevisionNotFound", "bfloat16"),
    ("/gpt2-tiny/resolve/\(String(repeating: "0", count: 40))/config.json", 404, "RevisionNotFound", "not known"),
    ("/gpt2-tiny/resolve/main/rank-0-of-1.safetensors", 404, "EntryNotFound", "no file"),
    ("/api/models/gpt2-tiny/tree/main/folder", 404, "EntryNotFound", "no folder"),
    ("/api/models/gpt2-tiny/tree/main?limit=0", 400, nil, "limit=0"),
  ])
  func errorsAreThoseThatClientsTellApart(target: String, status: Int, code: String?, text: String) async throws {
    let answer = try await Sample().get(target)
    #expect(answer.status == status)
    #expect(answer.fields[.hubErrorCode] == code)
    #expect(answer.fields[.hubErrorMessage]?.contains(text) == true, "\(answer.fields[.hubErrorMessage] ?? "")")
    #expect(try answer.json()["message"]?.asText?.contains(text) == true)
  }
}

extension Sample {
  /// The sample checkpoint as `m` in a folder of its own, with files beside it that a model needs, and others.
  static func withAssets() throws -> (sample: Sample, folder: TemporaryFolder) {
    let folder = try TemporaryFolder()
    let source = Sample.manifest.dropLast("manifest.json".count)
    for rank in 0..<2 {
      let name = "mp_rank_0\(rank)_model_states.pt"
      try folder.write("m/\(name)", try Array(Data(contentsOf: URL(fileURLWithPath: source + name))))
    }
    try folder.write("m/manifest.json", try Array(Data(contentsOf: URL(fileURLWithPath: Sample.manifest))))
    try folder.write("m/tokenizer.json", "{}")
    try folder.write("m/additional_chat_templates/tools.jinja", "{{ tools }}")
    try folder.write("m/secret.json", "{}")
    try folder.write("m/model.py", "raise SystemExit")
    return (Sample([.init(path: folder.file("m/manifest.json"), name: "m")]), folder)
  }
}
