import Loader
import Platform
import Transport

/// `/manifests` and `/manifests/NAME`: what operators ask for.
struct ManifestRoutes: RouteGroup {
  let catalog: Catalog
  let cache: PartitionCache

  func routes(at path: [String]) -> [Route] {
    guard path.first == "manifests" else { return [] }
    switch path.count {
    case 1: return [.reading(list)]
    case 2:
      let name = path[1]
      return [.reading { (request) throws(StatusError) in try one(name, request) }]
    default: return []
    }
  }

  /// The list of checkpoints.
  func list(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    var json = JSONWriter()
    json.array { json in
      for entry in catalog.all(for: request.access) {
        let entry = catalog.refresh(entry)
        json.object { describe(entry, for: request.access, to: &$0) }
      }
    }
    return Response(json: json).answering(request)
  }

  /// One checkpoint, with its tensors.
  func one(_ name: String, _ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    let entry: ManifestEntry
    do throws(LoaderError) {
      entry = catalog.refresh(try catalog.find(name, for: request.access))
    } catch {
      throw StatusError(error)
    }
    var json = JSONWriter()
    json.object { json in
      describe(entry, for: request.access, to: &json)
      if let loaded = entry.loaded { ManifestDescription(loaded.checkpoint).writeDetails(to: &json) }
    }
    return Response(json: json).answering(request)
  }

  private func describe(_ entry: ManifestEntry, for access: Access, to json: inout JSONWriter) {
    json.member("name", entry.name)
    json.member("state", entry.state.name)
    // The note names another checkpoint.
    if let note = entry.note, access.maySee(entry.wantedName) { json.member("note", note) }
    if case .failed(let error) = entry.state {
      let status = StatusError(error)
      json.key("error")
      json.object {
        $0.member("code", status.code.rawValue)
        $0.member("message", status.message)
      }
    }
    if let loaded = entry.loaded {
      let checkpoint = loaded.checkpoint
      ManifestDescription(checkpoint).writeSummary(to: &json, degrees: loaded.possibleDegrees) { json in
        cache.write(partitionsOf: checkpoint.name, revision: checkpoint.revision, to: &json)
      }
    }
  }
}
