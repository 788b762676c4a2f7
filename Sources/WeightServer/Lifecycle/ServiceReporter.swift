import Platform

/// Tells the service manager how the daemon is: that it listens, that it reads its configuration again, that it ends, and, as often as it
/// wants to know, that its queues still turn.
final class ServiceReporter: Sendable {
  private let manager: ServiceManager
  private let timer: RepeatingTimer

  /// How often it is told where it does not watch, in seconds.
  private static let interval = 10.0

  /// Says that the daemon has started, and goes on from there.
  /// - Parameters:
  ///   - probe: calls its argument once every queue that answers requests has turned.
  ///   - status: how the daemon is, in words.
  init(
    _ manager: ServiceManager, probe: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
    status: @escaping @Sendable () -> String
  ) {
    self.manager = manager
    // Half the time that it may be silent, as sd_watchdog_enabled(3) recommends.
    let seconds = manager.watchdog.map { $0.inFineSeconds / 2 } ?? ServiceReporter.interval
    timer = RepeatingTimer(label: "weight-server.service", seconds: max(seconds, 0.05)) {
      probe { manager.tell(.alive, .status(status())) }
    }
    manager.tell(.ready, .status(status()))
  }

  /// The configuration is about to be read again.
  func reloading() { manager.tell(.reloading) }

  /// The configuration was read again.
  func reloaded() { manager.tell(.ready) }

  /// The daemon ends.
  func stopping() { manager.tell(.stopping, .status("finishing what is in flight")) }
}
