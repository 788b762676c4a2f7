import HTTPTypes
import Loader
import Platform
import Transport

/// The read interface of the Hugging Face Hub: each checkpoint is a repository, and its partitions under Hugging Face's names are files
/// in it, so that `HF_ENDPOINT` makes the clients of the Hub load from here.
///
/// Parameters of queries that are not known are passed over, since the Hub's clients may say what the Hub alone knows.
///
/// Source: huggingface/huggingface_hub `hf_api.py` (`model_info`, `list_repo_tree`, `get_paths_info`, `list_repo_refs`),
/// `file_download.py` (`get_hf_file_metadata`, `http_get`).
struct HubRoutes: RouteGroup {
  let partitions: PartitionRoutes
  private let commits = HubCommits()
  private let assetDigests = AssetDigests()

  init(partitions: PartitionRoutes) { self.partitions = partitions }

  /// The namespace that a repository may be asked for in: some clients (`HfFileSystem`, by which vLLM lists files) take no id without one.
  private static let namespace = "weight-server"

  func routes(at path: [String]) -> [Route] {
    if path.count >= 3, path[0] == "api", path[1] == "models" {
      let rest = Array(path[2...])
      let hasNamespace = rest[0] == HubRoutes.namespace && rest.count > 1 && !HubRoutes.kinds.contains(rest[1])
      return hasNamespace ? models(rest[1], Array(rest[2...])) : models(rest[0], Array(rest[1...]))
    }
    let start = path.count >= 5 && path[0] == HubRoutes.namespace && path[2] == "resolve" ? 1 : 0
    guard path.count >= start + 4, path[start + 1] == "resolve" else { return [] }
    let file = path[(start + 3)...].joined(separator: "/")
    return [
      reading { (request) throws(StatusError) in
        try resolve(snapshot(path[start], path[start + 2], request), file, request)
      }
    ]
  }

  /// What may follow a repository's id.
  private static let kinds: Set<String> = ["revision", "tree", "paths-info", "refs"]

  private func models(_ name: String, _ rest: [String]) -> [Route] {
    switch (rest.first, rest.count) {
    case (nil, _):
      return [
        reading { (request) throws(StatusError) in try model(snapshot(name, HubRevision.main, request), request) }
      ]
    case ("revision", 2):
      return [reading { (request) throws(StatusError) in try model(snapshot(name, rest[1], request), request) }]
    case ("tree", 2...):
      let folder = rest[2...].joined(separator: "/")
      return [reading { (request) throws(StatusError) in try tree(snapshot(name, rest[1], request), folder, request) }]
    case ("paths-info", 2):
      return [
        Route([.post], scope: .read, takesBody: true, work: .blocking) { (request) throws(StatusError) in
          try forHub { () throws(StatusError) in try paths(snapshot(name, rest[1], request), request) }
        }
      ]
    case ("refs", 1):
      return [reading { (request) throws(StatusError) in try branches(name, request) }]
    default: return []
    }
  }

  private func reading(_ answer: @escaping @Sendable (Request) throws(StatusError) -> Response) -> Route {
    .reading { (request) throws(StatusError) in try forHub { () throws(StatusError) in try answer(request) } }
  }

  /// Errors with the fields that the Hub's clients read.
  private func forHub(_ answer: () throws(StatusError) -> Response) throws(StatusError) -> Response {
    do throws(StatusError) {
      return try answer()
    } catch {
      throw error.forHub
    }
  }

  // MARK: Looking up

  private func checkpoint(_ name: String, for access: Access) throws(StatusError) -> LoadedCheckpoint {
    do throws(StatusError) {
      return try partitions.catalog.checkpoint(name, for: access)
    } catch {
      throw error.code == .notFound ? .hub(.repository, error.message) : error
    }
  }

  /// A checkpoint at a branch or a commit id.
  private func snapshot(
    _ name: String, _ revision: String, _ request: Request
  ) throws(StatusError) -> HubSnapshot {
    let loaded = try checkpoint(name, for: request.access)
    let parsed = try parse(revision, of: loaded)
    return HubSnapshot(
      loaded: loaded, revision: parsed, isPinned: HubRevision.isCommit(revision),
      commit: commits.commit(of: parsed, at: loaded.checkpoint.revision), digests: partitions.cache.digests,
      assetDigests: assetDigests)
  }

  private func parse(_ revision: String, of loaded: LoadedCheckpoint) throws(StatusError) -> HubRevision {
    if HubRevision.isCommit(revision) {
      let found = commits.revision(revision, at: loaded.checkpoint.revision) { degrees(of: loaded) }
      if let found { return found }
      throw .hub(
        .revision,
        "commit \(revision) of \(loaded.checkpoint.name) is not known: its content is no longer served, or was not yet asked for by"
          + " its branch")
    }
    do throws(LoaderError) {
      return try HubRevision(revision)
    } catch {
      throw .hub(.revision, error.message)
    }
  }

  /// The degrees at which partitions under Hugging Face's names exist.
  private func degrees(of loaded: LoadedCheckpoint) -> [Int] {
    var parameters = PartitionParameters(rank: 0, mp: 1)
    parameters.names = .huggingFace
    return loaded.checkpoint.possibleDegrees(parameters)
  }

  // MARK: Answers

  /// What there is of a repository.
  private func model(_ snapshot: HubSnapshot, _ request: Request) throws(StatusError) -> Response {
    try snapshot.check()
    let query = try request.head.target.queryItems()
    var files: [HubFile]?
    if HubRoutes.isTrue(query.values(of: "blobs").first) { files = try HubRoutes.files(snapshot.paths, of: snapshot) }
    var json = JSONWriter()
    let wanted = Set(query.values(of: "expand") + query.values(of: "expand[]"))
    HubDescription(snapshot).writeModel(to: &json, wanted: wanted, files: files)
    return answer(snapshot, json)
  }

  /// The branches of a repository: the whole model, and each degree at which it can be served.
  private func branches(_ name: String, _ request: Request) throws(StatusError) -> Response {
    let loaded = try checkpoint(name, for: request.access)
    var json = JSONWriter()
    json.object { json in
      json.key("branches")
      json.array { json in
        for branch in [HubRevision.main] + degrees(of: loaded).map({ "mp\($0)" }) {
          guard let revision = try? HubRevision(branch) else { continue }
          json.object { json in
            json.member("name", branch)
            json.member("ref", "refs/heads/\(branch)")
            json.member("targetCommit", commits.commit(of: revision, at: loaded.checkpoint.revision))
          }
        }
      }
      for key in ["converts", "tags", "pullRequests"] {
        json.key(key)
        json.array { _ in }
      }
    }
    return Response(json: json).answering(request)
  }

  /// A file's bytes.
  private func resolve(_ snapshot: HubSnapshot, _ path: String, _ request: Request) throws(StatusError) -> Response {
    if !snapshot.revision.isWhole { try snapshot.check() }
    guard let file = try snapshot.file(path) else {
      var error = StatusError.hub(
        .entry, "\(snapshot.loaded.checkpoint.name) at \(snapshot.revision.text.escaped) has no file \(path.escaped)")
      // By the commit id clients remember that there is none.
      error.fields[.repositoryCommit] = snapshot.commit
      throw error
    }
    var isImmutable = false
    if case .partition = file.content { isImmutable = snapshot.isPinned }
    // The other files are no part of the manifest's revision: they may change while the commit id stays.
    var fields = partitions.commonFields(snapshot.loaded, isPinned: isImmutable)
    fields[.contentType] = file.mediaType
    fields[.contentDisposition] = "inline; filename=\"\(Path.name(of: file.path))\""
    fields[.repositoryCommit] = snapshot.commit
    fields[.linkedTag] = "\"\(file.tag)\""
    fields[.linkedSize] = String(file.size)
    let body: @Sendable (Range<Int>) -> BodyPiece
    switch file.content {
    case .partition(let plan):
      return try partitions.answer(request, with: plan, of: snapshot.loaded, fields: fields)
    case .bytes(let bytes): body = { .bytes(Array(bytes[$0])) }
    case .file(let source): body = { .file(source, offset: UInt64($0.lowerBound), count: $0.count) }
    }
    let representation = Representation(length: file.size, entityTag: EntityTag(file.tag), fields: fields) {
      PieceList([body($0)])
    }
    return serve(representation, for: request.head)
  }

  func answer(_ snapshot: HubSnapshot, _ json: JSONWriter) -> Response {
    var response = Response(json: json)
    response.fields[.cacheControl] = "no-cache"
    response.fields[.repositoryCommit] = snapshot.commit
    return response
  }

  /// What is known of some files; one that has just gone is left out.
  static func files(_ paths: some Sequence<String>, of snapshot: HubSnapshot) throws(StatusError) -> [HubFile] {
    var files: [HubFile] = []
    for path in paths {
      if let file = try snapshot.file(path) { files.append(file) }
    }
    return files
  }

  /// A truth value as Python's and other clients write it.
  static func isTrue(_ text: String?) -> Bool { ["true", "True", "1"].contains(text) }
}
