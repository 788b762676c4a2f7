package import Logging
import Synchronization

/// The least level that the daemon logs, which may change while it runs.
package final class LogThreshold: Sendable {
  private let value: Mutex<Configuration.Logging.Level>

  /// A threshold at a level.
  package init(_ level: Configuration.Logging.Level) {
    value = Mutex(level)
  }

  /// The level, by the configuration's name.
  package var level: Configuration.Logging.Level {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }

  /// The level, by swift-log's name.
  package var loggerLevel: Logger.Level { Logger.Level(rawValue: level.rawValue) ?? .info }
}
