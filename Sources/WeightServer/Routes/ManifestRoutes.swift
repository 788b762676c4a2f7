import HTTPTypes
import Loader
import Platform
import Synchronization
import Transport

/// `/manifests`, `/manifests/NAME` and `/manifests/NAME/reload`: what operators ask for.
struct ManifestRoutes: RouteGroup {
  let catalog: Catalog
  let cache: PartitionCache
  let administration: CatalogAdministration

  func routes(at path: [String]) -> [Route] {
    guard path.first == "manifests" else { return [] }
    switch path.count {
    case 1: return [.reading(list)]
    case 2:
      let name = path[1]
      return [
        .reading { (request) throws(StatusError) in try one(name, request) },
        changing(.put, takesBody: true) { request, waits, then in
          administration.put(name, request.body, for: request.access, waits: waits, then: then)
        },
        Route([.delete], scope: .admin, work: .blocking) { (request) throws(StatusError) in
          try request.refuseQuery()
          try administration.delete(name, for: request.access)
          return Response(status: .noContent)
        },
      ]
    case 3 where path[2] == "reload":
      let name = path[1]
      return [
        changing(.post, takesBody: false) { request, waits, then in
          administration.reload(name, for: request.access, waits: waits, then: then)
        }
      ]
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
        json.object { EntryDescription(entry, cache: cache, access: request.access).write(to: &$0) }
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
      EntryDescription(entry, cache: cache, access: request.access).write(to: &json)
      if let loaded = entry.loaded { ManifestDescription(loaded.checkpoint).writeDetails(to: &json) }
    }
    return Response(json: json).answering(request)
  }

  // MARK: Changing

  /// A route that changes a checkpoint. No worker is held while it is loaded.
  private func changing(
    _ method: HTTPRequest.Method, takesBody: Bool,
    _ change: @escaping @Sendable (Request, Bool, @escaping CatalogAdministration.Completion) -> Void
  ) -> Route {
    let outcome = Outcome()
    let work = Route.Work.awaiting { request, then in
      do throws(StatusError) {
        change(request, try ManifestRoutes.waits(request)) { result in
          outcome.set(result)
          then()
        }
      } catch {
        outcome.set(.failure(error))
        then()
      }
    }
    return Route([method], scope: .admin, takesBody: takesBody, work: work) { (request) throws(StatusError) in
      try answer(try outcome.get(), request)
    }
  }

  /// The parameter `wait`: `true` where it is not there.
  private static func waits(_ request: Request) throws(StatusError) -> Bool {
    let items = try request.head.target.queryItems().items
    guard let item = items.first else { return true }
    guard items.count == 1, item.name == "wait", let value = Bool(item.value) else {
      throw StatusError(
        .invalidArgument, "\(request.head.target.path) has the parameter wait, true or false, and no other")
    }
    return value
  }

  /// 200 or, for a new checkpoint, 201; 202 for one that nobody waits for.
  private func answer(_ change: CatalogAdministration.Change, _ request: Request) throws(StatusError) -> Response {
    var json = JSONWriter()
    json.object { EntryDescription(change.entry, cache: cache, access: request.access).write(to: &$0) }
    var response = Response(status: change.isDone ? change.isNew ? .created : .ok : .accepted, json: json)
    response.fields[.location] = "/manifests/\(change.entry.name)"
    return response.answering(request)
  }
}

/// What a change has come to, from when it is done until it is told.
private final class Outcome: Sendable {
  private let result = Mutex<Result<CatalogAdministration.Change, StatusError>?>(nil)

  func set(_ new: Result<CatalogAdministration.Change, StatusError>) { result.withLock { $0 = new } }

  func get() throws(StatusError) -> CatalogAdministration.Change {
    guard let result = result.withLock({ $0 }) else { throw StatusError(.internalError, "the change has no outcome") }
    return try result.get()
  }
}
