import Loader
import Logging
import Platform
import Synchronization
import Transport

/// Changes of what is served that requests ask for, whatever they come by. Requests in flight finish on what they began with.
struct CatalogAdministration: Sendable {
  /// What a change has come to.
  struct Change: Sendable {
    /// The checkpoint, as it is now.
    let entry: ManifestEntry
    /// Whether there was none of the name before.
    let isNew: Bool
    /// Whether it is done; else it goes on, and the entry shows how far it is.
    let isDone: Bool
  }

  /// Told of a change that is done, or of why it failed.
  typealias Completion = @Sendable (Result<Change, StatusError>) -> Void

  let catalog: Catalog
  private let loaders: WorkerPool
  private let pending = Pending()

  /// Loads that requests may have under way at a time; the rest of them wait.
  private static let loadLimit = 2

  init(_ catalog: Catalog) {
    self.catalog = catalog
    loaders = WorkerPool(limit: CatalogAdministration.loadLimit, label: "weight-server.changing")
  }

  // MARK: Changes

  /// Serves a checkpoint by a name, in place of what was served by it before.
  ///
  /// What was served before is served on until the new one is ready, and if that fails; then nothing else has changed either.
  /// - Parameters:
  ///   - access: what the client may.
  ///   - body: a manifest's JSON, or `{"path": …}`.
  ///   - waits: whether `then` is called once the checkpoint is loaded, else at once; a failure then shows in the list.
  ///   - then: called once, on any thread.
  /// - Important: the caller has seen to it that the client may change anything at all.
  func put(_ name: String, _ body: [UInt8], for access: Access, waits: Bool, then: @escaping Completion) {
    do throws(StatusError) {
      try checkName(name)
      guard access.maySee(name) else {
        throw StatusError(.permissionDenied, "your token is not for the manifest \(name)")
      }
      let source = try ManifestBody(name: name, allowed: catalog.allowed).source(body)
      try pending.begin()
      let (load, isNew) = catalog.table.withLock { table in
        if let entry = table[name], let load = table.reload(entry.number, from: source, origin: .request) {
          return (load, false)
        }
        return (table.add(source, as: name, origin: .request, onFailure: waits ? .vanishes : .stays), true)
      }
      catalog.logger.notice(
        "checkpoint is put", metadata: ["model": "\(name)", "path": "\(source.path.escaped)", "new": "\(isNew)"])
      carryOut(load, isNew: isNew, waits: waits, then: then)
    } catch {
      then(.failure(error))
    }
  }

  /// Reads a checkpoint again from where it came from. What was served before is served on until the new one is ready, and if that fails.
  /// - Parameters: as for `put`.
  func reload(_ name: String, for access: Access, waits: Bool, then: @escaping Completion) {
    do throws(StatusError) {
      let entry = try find(name, access)
      try pending.begin()
      guard let load = catalog.table.withLock({ $0.reload(entry.number) }) else {
        pending.end()
        throw CatalogAdministration.gone(name)
      }
      carryOut(load, isNew: false, waits: waits, then: then)
    } catch {
      then(.failure(error))
    }
  }

  /// Serves a checkpoint no more.
  /// - Throws: `not_found`.
  func delete(_ name: String, for access: Access) throws(StatusError) {
    let entry = try find(name, access)
    catalog.table.withLock { $0.remove(entry.number) }
    catalog.logger.notice("checkpoint is dropped", metadata: ["model": "\(name)"])
  }

  // MARK: Loading

  private func carryOut(_ load: ManifestTable.Load, isNew: Bool, waits: Bool, then: @escaping Completion) {
    if !waits, let entry = catalog.table.withLock({ $0.entry(load.entry) }) {
      then(.success(Change(entry: entry, isNew: isNew, isDone: false)))
    }
    loaders.run { [self] in
      let outcome = catalog.carryOut(load)
      pending.end()
      guard waits else { return }
      switch outcome {
      case .served(let entry): then(.success(Change(entry: entry, isNew: isNew, isDone: true)))
      case .failed(let entry, let error): then(.failure(CatalogAdministration.refusal(of: entry, error)))
      case .overtaken:
        then(.failure(StatusError(.aborted, "a later change of the same manifest came before this one was done")))
      }
    }
  }

  /// A checkpoint that cannot be loaded is no fault of the server's, and asking again does not help: `failed_precondition`, but for what
  /// the operating system refused.
  private static func refusal(of entry: ManifestEntry, _ error: LoaderError) -> StatusError {
    let served = entry.loaded.map { "; revision \($0.checkpoint.revision) is served on" } ?? ""
    let code: ErrorCode =
      switch error.code {
      case .inputOutput: .internalError
      case .unimplemented: .unimplemented
      case .invalidArgument: .invalidArgument
      case .failedPrecondition, .notFound, .missingFile, .invalidCheckpoint, .dataLoss: .failedPrecondition
      }
    return StatusError(code, "\(entry.name) cannot be loaded: \(error)\(served)")
  }

  private func checkName(_ name: String) throws(StatusError) {
    do throws(LoaderError) {
      _ = try ManifestName.validate(name)
    } catch {
      throw StatusError(error)
    }
  }

  private func find(_ name: String, _ access: Access) throws(StatusError) -> ManifestEntry {
    do throws(LoaderError) {
      return try catalog.find(name, for: access)
    } catch {
      throw StatusError(error)
    }
  }

  private static func gone(_ name: String) -> StatusError { StatusError(.notFound, "no model \(name.escaped)") }
}

/// The changes that are under way, of which there is a most.
private final class Pending: Sendable {
  private let count = Mutex(0)
  private static let limit = 64

  func begin() throws(StatusError) {
    let isFull = count.withLock { count in
      if count >= Pending.limit { return true }
      count += 1
      return false
    }
    guard !isFull else {
      throw StatusError(
        .resourceExhausted, "\(Pending.limit) changes of manifests are under way already: try again later")
    }
  }

  func end() { count.withLock { $0 -= 1 } }
}
