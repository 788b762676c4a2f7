import Loader
import Logging
import Synchronization
import Transport

/// What requests ask of the catalog.
extension Catalog {
  /// The checkpoints that a client may see, in the same order.
  func all(for access: Access) -> [ManifestEntry] {
    access.seesAll ? all : all.filter { access.maySee($0.name) }
  }

  /// The checkpoint of a name, or the only one where no name is given. One that came while running counts as another only once it
  /// can be served: a try that fails disturbs nobody. To a client those that it may not see do not exist: the answer is the same to
  /// the letter.
  func find(_ name: String?, for access: Access) throws(LoaderError) -> ManifestEntry {
    let entries = all(for: access)
    guard let name else {
      let counted = entries.filter { $0.loaded != nil || $0.origin.holdsReadiness }
      if let only = counted.first, counted.count == 1 { return only }
      if let only = entries.first, entries.count == 1 { return only }
      let names = entries.map(\.name).joined(separator: ", ")
      throw LoaderError(
        entries.isEmpty ? .notFound : .invalidArgument,
        entries.isEmpty ? "no model is loaded" : "several models are loaded: say which with model=, one of \(names)")
    }
    guard let entry = entries.first(where: { $0.name == name }) else {
      let nearest = NearestName.nearest(to: name, among: entries.map(\.name)).map { "; did you mean \($0)?" } ?? ""
      throw LoaderError(.notFound, "no model \(name.escaped)\(nearest)")
    }
    return entry
  }

  /// Looks at the files of a ready checkpoint again: it turns stale where they changed, and ready where they are back.
  func refresh(_ entry: ManifestEntry) -> ManifestEntry {
    guard let loaded = entry.loaded else { return entry }
    var entry = entry
    let isCurrent = loaded.isCurrent()
    entry.state = isCurrent ? .ready(loaded) : .stale(loaded)
    if table.withLock({ $0.note(loaded, isCurrent: isCurrent, of: entry.number) }) {
      logger.warning("checkpoint is stale: its files changed", metadata: ["model": "\(entry.name)"])
    }
    return entry
  }

  // MARK: Readiness

  /// Whether every checkpoint of the configuration has settled, at least one is good, and every required one is. Only those that a
  /// client may see are named to it, but all count.
  func readiness(for access: Access) -> Readiness {
    let entries = all
    func list(_ names: [String], after separator: String) -> String {
      let seen = names.filter(access.maySee)
      return seen.isEmpty ? "" : separator + seen.joined(separator: ", ")
    }
    let loading = entries.filter { entry in
      if case .loading = entry.state { entry.origin.holdsReadiness } else { false }
    }.map(\.name)
    if !loading.isEmpty { return .notReady("still loading\(list(loading, after: " "))") }
    let missing = entries.filter { $0.isRequired && $0.loaded == nil }.map(\.name)
    if !missing.isEmpty { return .notReady("required, but failed\(list(missing, after: ": "))") }
    return entries.contains { $0.loaded != nil } ? .ready : .notReady("no checkpoint could be loaded")
  }

  /// Whether the daemon can do its job.
  enum Readiness: Equatable {
    case ready
    /// Why not.
    case notReady(String)
  }
}
