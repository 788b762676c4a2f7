import Dispatch
import Loader
import Logging
import Platform
import Synchronization

/// Serves what appears in a folder, once it is whole, and no more once it is gone.
///
/// `@unchecked Sendable`: everything mutable is touched on `queue` only.
final class FolderWatch: @unchecked Sendable {
  /// The folder.
  let folder: String
  private let catalog: Catalog
  private let rescan: Duration
  private let queue: DispatchQueue
  private let loading: DispatchQueue
  private let start = ContinuousClock.now
  private var state: WatchState
  private var notifications: FolderNotifications?
  private var isFirstLook = true
  private var isFailing = false
  private var hasEnded = false
  /// When the next look is due; looks that were due later are passed over.
  private var due: ContinuousClock.Instant?
  /// The entries of what is served, by name in the folder.
  private var entries: [String: Int] = [:]

  /// Folders of which changes are told; others are looked through now and then.
  private static let notificationLimit = 8192

  /// - Parameters:
  ///   - quiet: how long nothing of a thing may have changed before it counts as whole.
  ///   - rescan: how often to look, whatever is told.
  ///   - loading: where checkpoints are read.
  init(_ folder: String, quiet: Duration, rescan: Duration, catalog: Catalog, loading: DispatchQueue) {
    self.folder = folder
    self.catalog = catalog
    self.rescan = rescan
    self.loading = loading
    state = WatchState(quiet: quiet)
    queue = DispatchQueue(label: "weight-server.watch", qos: .utility)
  }

  /// Looks for the first time, and goes on.
  /// - Parameter atStart: whether the daemon is only now beginning, and is not ready before what lies here already is.
  func begin(atStart: Bool) {
    queue.sync {
      isFirstLook = atStart
      do throws(SystemError) {
        notifications = try FolderNotifications(queue: queue) { [weak self] in self?.lookSoon() }
      } catch {
        catalog.logger.warning(
          "changes of the folder are not told; it is looked through now and then",
          metadata: ["folder": "\(folder.escaped)", "error": "\(error)"])
      }
      look()
      isFirstLook = false
    }
  }

  /// Serves nothing of it any more.
  func end() {
    queue.sync {
      hasEnded = true
      notifications = nil
      for number in entries.values { drop(number) }
      entries = [:]
    }
  }

  // MARK: Looking

  /// Something happened in the folder: more will, so looks are some way apart.
  private func lookSoon() { look(after: .milliseconds(50)) }

  private func look(after delay: Duration) {
    let time = ContinuousClock.now + delay
    if let due, due <= time { return }
    due = time
    queue.asyncAfter(deadline: .now() + delay.inSeconds) { [weak self] in
      guard let self, due == time, !hasEnded else { return }
      due = nil
      look()
    }
  }

  private func look() {
    do throws(SystemError) {
      let scan = try WatchScan(folder)
      if let notifications {
        for folder in scan.folders.prefix(FolderWatch.notificationLimit) { try? notifications.add(folder) }
      }
      for event in state.look(scan.sightings, at: ContinuousClock.now - start) { handle(event) }
      isFailing = false
    } catch {
      // What was served is served on: a folder that cannot be reached for a while has not been emptied.
      if !isFailing {
        catalog.logger.warning(
          "watched folder cannot be looked into", metadata: ["folder": "\(folder.escaped)", "error": "\(error)"])
      }
      isFailing = true
    }
    look(after: state.patience ?? rescan)
  }

  // MARK: Serving

  private func handle(_ event: WatchState.Event) {
    switch event {
    case .appeared(let name), .changed(let name): serve(name)
    case .vanished(let name):
      if let number = entries.removeValue(forKey: name) { drop(number) }
    }
  }

  private func serve(_ name: String) {
    let path = Path.join(folder, name)
    let source = ManifestSource(.path(path))
    let load: ManifestTable.Load? = catalog.table.withLock { table in
      if let number = entries[name], let entry = table.entry(number) {
        guard case .watched = entry.origin else { return nil }
        return table.reload(number)
      }
      // What is named in the configuration as well is served once.
      guard !table.entries.contains(where: { $0.source.path == path }) else { return nil }
      return table.add(
        source, as: source.expectedName, origin: .watched(atStart: isFirstLook), onFailure: .vanishesWhereIncomplete)
    }
    guard let load else { return }
    entries[name] = load.entry
    catalog.logger.notice("found in a watched folder", metadata: ["path": "\(path.escaped)"])
    loading.async { [catalog] in _ = catalog.carryOut(load) }
  }

  private func drop(_ number: Int) {
    let dropped: ManifestEntry? = catalog.table.withLock { table in
      guard let entry = table.entry(number), case .watched = entry.origin else { return nil }
      table.remove(number)
      return entry
    }
    guard let dropped else { return }
    catalog.logger.notice(
      "gone from a watched folder",
      metadata: ["model": "\(dropped.name)", "path": "\(dropped.source.path.escaped)"])
  }
}
