import Dispatch
import Loader
import Logging
import ObjectStore
import Platform
import Synchronization

/// The checkpoints that the daemon serves, by name. Looking up never waits for a load, and what was looked up is kept by who did:
/// a change concerns only those who ask after it.
final class Catalog: Sendable {
  let table = Mutex(ManifestTable())
  let logger: Logger
  private let settings = Mutex(Settings())
  private let onReady: @Sendable (LoadedCheckpoint) -> Void

  /// What loads depend on.
  struct Settings: Sendable {
    /// Of every checkpoint; the name apart.
    var options = LoadOptions()
    /// Where what no configuration names may lie.
    var allowed = AllowedFolders()
    /// What loads checkpoints that lie in an object store.
    var objects: ObjectCheckpoints?
  }

  /// How a load ended.
  enum Outcome: Sendable {
    /// The checkpoint is served.
    case served(ManifestEntry)
    /// It cannot be.
    case failed(ManifestEntry, LoaderError)
    /// A later change of the same name came before its end.
    case overtaken
  }

  /// - Parameter onReady: told of each checkpoint that can be served.
  init(logger: Logger, onReady: @escaping @Sendable (LoadedCheckpoint) -> Void = { _ in }) {
    self.logger = logger
    self.onReady = onReady
  }

  /// The checkpoints, in the order in which they were named.
  var all: [ManifestEntry] { table.withLock { $0.entries } }

  /// What loads depend on from now on.
  func configure(_ settings: Settings, previousLimit: Int) {
    self.settings.withLock { $0 = settings }
    table.withLock { $0.previousLimit = previousLimit }
  }

  /// Where what no configuration names may lie.
  var allowed: AllowedFolders { settings.withLock { $0.allowed } }

  // MARK: Loading

  /// Reads the metadata of the configuration's checkpoints, one after the other: each is `loading` until then.
  /// - Parameter options: of every checkpoint; the name apart.
  func load(_ sources: [Configuration.Source], options: LoadOptions, on queue: DispatchQueue) {
    settings.withLock { $0.options = options }
    let loads = sources.map { configured in
      let source = ManifestSource(configured)
      let name = source.expectedName
      return table.withLock { $0.add(source, as: name, origin: .configuration(configured)) }
    }
    for load in loads { queue.async { _ = self.carryOut(load) } }
  }

  /// Reads the metadata of a checkpoint and has it served. It takes as long as reading does.
  func carryOut(_ load: ManifestTable.Load) -> Outcome {
    let start = ContinuousClock.now
    do throws(LoaderError) {
      let checkpoint = try load.source.load(options(for: load), objects: settings.withLock { $0.objects })
      guard let name = table.withLock({ $0.name(load, of: checkpoint) }) else { return overtaken(load) }
      let loaded = LoadedCheckpoint(checkpoint.named(name))
      guard var entry = table.withLock({ $0.settle(load, as: loaded) }) else { return overtaken(load) }
      let lost = entry.previous.filter { (try? $0.checkIntact()) == nil }
      table.withLock { $0.drop(lost, of: entry.number) }
      entry.previous.removeAll { previous in lost.contains { $0 === previous } }
      log(loaded.checkpoint, seconds: (ContinuousClock.now - start).inSeconds)
      onReady(loaded)
      return .served(entry)
    } catch {
      guard let entry = table.withLock({ $0.fail(load, with: error) }) else { return overtaken(load) }
      logger.error(
        "checkpoint failed to load",
        metadata: [
          "model": "\(entry.name)", "path": "\(load.source.path.escaped)", "error": "\(error)",
          "served": "\(entry.loaded?.checkpoint.revision ?? "nothing")",
        ])
      return .failed(entry, error)
    }
  }

  private func options(for load: ManifestTable.Load) -> LoadOptions {
    var (options, allowed) = settings.withLock { ($0.options, $0.allowed) }
    options.name = load.name
    if load.source.staysInRoots {
      options.roots = allowed.roots
      options.staysInRoots = true
    }
    return options
  }

  private func overtaken(_ load: ManifestTable.Load) -> Outcome {
    logger.info("a load was overtaken by a later change", metadata: ["path": "\(load.source.path.escaped)"])
    return .overtaken
  }

  private func log(_ checkpoint: Checkpoint, seconds: Double) {
    logger.info(
      "checkpoint is ready",
      metadata: [
        "model": "\(checkpoint.name)", "type": "\(checkpoint.sourceType)", "family": "\(checkpoint.family.name)",
        "revision": "\(checkpoint.revision)", "tensors": "\(checkpoint.tensors.count)",
        "warnings": "\(checkpoint.warnings.count)", "seconds": "\(seconds)",
      ])
  }
}
