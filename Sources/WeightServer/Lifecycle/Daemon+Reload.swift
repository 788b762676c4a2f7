import Loader
import Logging
import Platform
import Synchronization
import Transport

extension Daemon {
  /// Reads the configuration again and has it hold, as far as it can while the daemon runs. A bad one changes nothing.
  ///
  /// Everything new is checked before anything of it holds. Requests in flight finish on what they began with.
  /// - Parameter read: reads all layers of the configuration.
  /// - Returns: whether the new one holds.
  @discardableResult
  package func reload(_ read: () throws(ConfigurationError) -> Configuration) -> Bool {
    let old = current.withLock { $0 }
    let service = service.withLock { $0 }
    service?.reloading()
    defer { service?.reloaded() }
    do throws(ConfigurationError) {
      let wanted = try read()
      let settings = try RuntimeSettings(wanted)
      try tokens?.reload()
      let fixed = FixedSettings.changed(from: old, to: wanted)
      apply(FixedSettings.kept(of: old, in: wanted), settings, over: old)
      if !fixed.isEmpty {
        logger.warning(
          "these settings changed and need a restart",
          metadata: ["settings": "\(fixed.joined(separator: ", "))"])
      }
      logger.notice("configuration was read again")
      return true
    } catch {
      logger.error("configuration was not taken over; the old one holds", metadata: ["error": "\(error)"])
      return false
    }
  }

  private func apply(_ new: Configuration, _ settings: RuntimeSettings, over old: Configuration) {
    current.withLock { $0 = new }
    threshold.level = new.logging.level
    server.hold(to: new.limits.connection)
    reloadCertificates()
    catalog.configure(settings.catalog, previousLimit: new.checkpoints.previousRevisions)
    let readsAll =
      old.checkpoints.identity != new.checkpoints.identity || old.allowedGlobals != new.allowedGlobals
      || old.roots != new.roots
    catalog.reconfigure(
      from: old.checkpoints.manifests, to: new.checkpoints.manifests, readsAll: readsAll, on: loading)
    watch(new.checkpoints, atStart: false)
  }

  /// Watches the folders that the configuration names, and no others.
  func watch(_ checkpoints: Configuration.Checkpoints, atStart: Bool) {
    let old = watches.withLock { $0 }
    for watch in old where !checkpoints.watched.contains(watch.folder) { watch.end() }
    var kept = old.filter { checkpoints.watched.contains($0.folder) }
    for folder in checkpoints.watched where !kept.contains(where: { $0.folder == folder }) {
      let watch = FolderWatch(
        folder, quiet: checkpoints.quiet, rescan: checkpoints.rescan, catalog: catalog, loading: loading)
      kept.append(watch)
      watch.begin(atStart: atStart)
    }
    watches.withLock { $0 = kept }
  }
}
