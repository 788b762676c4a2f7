import Loader
import Transport

/// What those who ask for weights are given.
extension Catalog {
  /// The checkpoint of a name, or the only one where no name is given, of those that a client may see, at a revision where one is pinned:
  /// the current one, or one before that is still intact.
  /// - Throws: a `StatusError`: not found, still loading, failed, or a revision that is not served.
  func checkpoint(
    _ name: String?, revision: String? = nil, for access: Access
  ) throws(StatusError) -> LoadedCheckpoint {
    let entry: ManifestEntry
    do throws(LoaderError) {
      entry = refresh(try find(name, for: access))
    } catch {
      throw StatusError(error)
    }
    switch entry.state {
    case .loading:
      throw StatusError(.unavailable, "model \(entry.name) is still loading; try again soon")
    case .failed(let error):
      var failure = StatusError(error)
      failure.message = "model \(entry.name) failed to load: \(error)"
      throw failure
    case .ready(let loaded):
      return try pinned(revision, loaded, of: entry)
    case .stale(let loaded):
      let pinned = try pinned(revision, loaded, of: entry)
      do throws(LoaderError) {
        try pinned.checkIntact()
      } catch {
        throw StatusError(error)
      }
      return pinned
    }
  }

  /// What is served at the revision that is pinned; the current content where none is.
  private func pinned(
    _ revision: String?, _ loaded: LoadedCheckpoint, of entry: ManifestEntry
  ) throws(StatusError) -> LoadedCheckpoint {
    guard let revision, revision != loaded.checkpoint.revision else { return loaded }
    if let previous = entry.previous(revision) { return previous }
    throw StatusError(
      .failedPrecondition,
      "revision \(revision.escaped) of \(entry.name) is not served; it is at \(loaded.checkpoint.revision)")
  }
}
