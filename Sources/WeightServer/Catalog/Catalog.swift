import Dispatch
import Loader
import Logging
import Platform
import Synchronization
import Transport

/// The checkpoints that the daemon serves, by name. Looking up never waits for a load.
final class Catalog: Sendable {
  private let entries = Mutex<[ManifestEntry]>([])
  private let logger: Logger
  private let onReady: @Sendable (LoadedCheckpoint) -> Void

  /// - Parameter onReady: told of each checkpoint that can be served.
  init(logger: Logger, onReady: @escaping @Sendable (LoadedCheckpoint) -> Void = { _ in }) {
    self.logger = logger
    self.onReady = onReady
  }

  /// The checkpoints, in the order in which they were named.
  var all: [ManifestEntry] { entries.withLock { $0 } }

  // MARK: Loading

  /// Reads the metadata of checkpoints, one after the other: each is `loading` until then.
  /// - Parameter options: of every checkpoint; the name apart.
  func load(_ sources: [Configuration.Source], options: LoadOptions, on queue: DispatchQueue) {
    let reserved = sources.map { reserve($0) }
    for (source, name) in zip(sources, reserved) {
      queue.async { self.load(source, name: name, options: options) }
    }
  }

  /// Gives a checkpoint a name before it is read, so that it shows at once. A name that is taken gets a number.
  private func reserve(_ source: Configuration.Source) -> String {
    let isFolder = (try? FileStatus.of(path: source.path))?.kind == .folder
    let wanted = source.name ?? ManifestName.defaultName(path: source.path, isFolder: isFolder)
    return entries.withLock { entries in
      let name = Catalog.free(wanted, among: entries)
      var entry = ManifestEntry(name: name, path: source.path, isRequired: source.isRequired, state: .loading)
      entry.take(name: wanted, free: name)
      entries.append(entry)
      return name
    }
  }

  private static func free(_ name: String, among entries: [ManifestEntry]) -> String {
    if !entries.contains(where: { $0.name == name }) { return name }
    for number in 2... {
      let suffix = "-\(number)"
      let candidate = name.prefix(ManifestName.lengthLimit - suffix.count) + suffix
      if !entries.contains(where: { $0.name == candidate }) { return String(candidate) }
    }
    return name
  }

  private func load(_ source: Configuration.Source, name reserved: String, options: LoadOptions) {
    let start = ContinuousClock.now
    var options = options
    options.name = source.name
    do throws(LoaderError) {
      let loaded = settle(reserved, as: try CheckpointLoader.load(source.path, options: options))
      let checkpoint = loaded.checkpoint
      logger.info(
        "checkpoint is ready",
        metadata: [
          "model": "\(checkpoint.name)", "type": "\(checkpoint.sourceType)", "family": "\(checkpoint.family.name)",
          "revision": "\(checkpoint.revision)", "tensors": "\(checkpoint.tensors.count)",
          "warnings": "\(checkpoint.warnings.count)", "seconds": "\((ContinuousClock.now - start).inSeconds)",
        ])
      onReady(loaded)
    } catch {
      update(reserved) { $0.state = .failed(error) }
      logger.error(
        "checkpoint failed to load",
        metadata: ["model": "\(reserved)", "path": "\(source.path.escaped)", "error": "\(error)"])
    }
  }

  /// Makes a checkpoint ready under its own name, where that is not the one reserved and is free.
  private func settle(_ reserved: String, as checkpoint: Checkpoint) -> LoadedCheckpoint {
    entries.withLock { entries in
      guard let index = entries.firstIndex(where: { $0.name == reserved }) else { return LoadedCheckpoint(checkpoint) }
      var entry = entries[index]
      if entry.wantedName != checkpoint.name {
        let others = entries.indices.filter { $0 != index }.map { entries[$0] }
        entry.take(name: checkpoint.name, free: Catalog.free(checkpoint.name, among: others))
      }
      let loaded = LoadedCheckpoint(checkpoint.named(entry.name))
      entry.state = .ready(loaded)
      entries[index] = entry
      return loaded
    }
  }

  private func update(_ name: String, _ change: (inout ManifestEntry) -> Void) {
    entries.withLock { entries in
      if let index = entries.firstIndex(where: { $0.name == name }) { change(&entries[index]) }
    }
  }

  // MARK: Looking up

  /// The checkpoints that a client may see, in the same order.
  func all(for access: Access) -> [ManifestEntry] {
    access.seesAll ? all : all.filter { access.maySee($0.name) }
  }

  /// The checkpoint of a name, or the only one where no name is given. To a client those that it may not see do not exist: the answer
  /// is the same to the letter.
  func find(_ name: String?, for access: Access) throws(LoaderError) -> ManifestEntry {
    let entries = all(for: access)
    guard let name else {
      if entries.count == 1, let only = entries.first { return only }
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
    entry.state = loaded.isCurrent() ? .ready(loaded) : .stale(loaded)
    let state = entry.state
    let wasStale = entries.withLock { entries in
      guard let index = entries.firstIndex(where: { $0.name == entry.name }), entries[index].loaded === loaded else {
        return true
      }
      defer { entries[index].state = state }
      if case .stale = entries[index].state { return true }
      return false
    }
    if case .stale = state, !wasStale {
      logger.warning("checkpoint is stale: its files changed", metadata: ["model": "\(entry.name)"])
    }
    return entry
  }

  // MARK: Readiness

  /// Whether every checkpoint has settled, at least one is good, and every required one is. Only those that a client may see are named
  /// to it, but all count.
  func readiness(for access: Access) -> Readiness {
    let entries = all
    func list(_ names: [String], after separator: String) -> String {
      let seen = names.filter(access.maySee)
      return seen.isEmpty ? "" : separator + seen.joined(separator: ", ")
    }
    let loading = entries.filter { if case .loading = $0.state { true } else { false } }.map(\.name)
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
