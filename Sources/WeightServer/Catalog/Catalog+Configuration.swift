import Dispatch
import Loader
import Logging
import Platform
import Synchronization

/// What another configuration changes.
extension Catalog {
  /// Serves what the configuration names now and did not before, drops what it does not name any more, and reads again what failed or whose
  /// files changed. What requests put or dropped stays as it is, unless the configuration says something new of it.
  /// - Parameter readsAll: whether everything is read again, since what loads depend on has changed.
  func reconfigure(
    from old: [Configuration.Source], to new: [Configuration.Source], readsAll: Bool, on queue: DispatchQueue
  ) {
    let added = new.filter { !old.contains($0) }
    let dropped = old.filter { !new.contains($0) }
    let sources = added.map { ManifestSource($0) }
    let names = sources.map(\.expectedName)
    let known = all.map { refresh($0) }
    var loads: [ManifestTable.Load] = []
    table.withLock { table in
      for (index, configured) in added.enumerated() {
        // What is served by the same name, or from the same place, is served on until the new one is ready.
        let same = table.entries.first { $0.isConfigured(like: configured, among: dropped) } ?? table[names[index]]
        if let entry = same, entry.mayBecome(configured, dropped) {
          table.configure(entry.number, as: configured)
          if entry.source != sources[index], let load = table.reload(entry.number, from: sources[index]) {
            loads.append(load)
          }
        } else {
          loads.append(table.add(sources[index], as: names[index], origin: .configuration(configured)))
        }
      }
      for entry in table.entries {
        if case .configuration(let configured) = entry.origin, !new.contains(configured) { table.remove(entry.number) }
      }
      for entry in known where !loads.contains(where: { $0.entry == entry.number }) {
        guard case .configuration = entry.origin, readsAll || entry.needsReading else { continue }
        if let load = table.reload(entry.number) { loads.append(load) }
      }
    }
    if !added.isEmpty || !dropped.isEmpty {
      logger.notice(
        "the configuration's checkpoints changed",
        metadata: [
          "added": "\(added.map(\.path.escaped).joined(separator: ", "))",
          "dropped": "\(dropped.map(\.path.escaped).joined(separator: ", "))",
        ])
    }
    for load in loads { queue.async { _ = self.carryOut(load) } }
  }
}

extension ManifestEntry {
  /// Whether the configuration named the same place by the same name before.
  fileprivate func isConfigured(like source: Configuration.Source, among dropped: [Configuration.Source]) -> Bool {
    guard case .configuration(let configured) = origin, dropped.contains(configured) else { return false }
    return configured.path == source.path && configured.name == source.name
  }

  /// Whether a checkpoint that the configuration newly names takes this one's place: one that a request put, or that the configuration
  /// named otherwise before.
  fileprivate func mayBecome(_ source: Configuration.Source, _ dropped: [Configuration.Source]) -> Bool {
    switch origin {
    case .configuration(let configured): dropped.contains(configured)
    case .request: true
    case .watched: false
    }
  }

  /// Whether reading it again may help: it failed, or its files changed.
  fileprivate var needsReading: Bool {
    switch state {
    case .failed, .stale: true
    case .ready: reloadFailure != nil
    case .loading: false
    }
  }
}
