import Loader
import Transport

extension Catalog {
  /// The checkpoint of a name, or the only one where no name is given, of those that the client may see.
  /// - Parameter revision: the revision that it must be at; nil for whichever it is at.
  /// - Throws: a `StatusError`: not found, still loading, failed, or another revision.
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
      try check(revision, of: loaded)
      return loaded
    case .stale(let loaded):
      try check(revision, of: loaded)
      do throws(LoaderError) {
        try loaded.checkIntact()
      } catch {
        throw StatusError(error)
      }
      return loaded
    }
  }

  private func check(_ revision: String?, of loaded: LoadedCheckpoint) throws(StatusError) {
    guard let revision, revision != loaded.checkpoint.revision else { return }
    throw StatusError(
      .failedPrecondition,
      "revision \(revision.escaped) of \(loaded.checkpoint.name) is not served; it is at \(loaded.checkpoint.revision)")
  }
}
