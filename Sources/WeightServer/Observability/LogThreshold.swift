package import Logging
import Synchronization

/// The least level that the daemon logs, which may change while it runs.
package final class LogThreshold: Sendable {
  private let value: Mutex<(level: Configuration.Logging.Level, loggerLevel: Logger.Level)>

  /// A threshold at a level.
  package init(_ level: Configuration.Logging.Level) {
    value = Mutex(LogThreshold.pair(level))
  }

  /// The level, by the configuration's name.
  package var level: Configuration.Logging.Level {
    get { value.withLock { $0.level } }
    set { value.withLock { $0 = LogThreshold.pair(newValue) } }
  }

  /// The level, by swift-log's name: looked at for each request, so it is kept beside.
  package var loggerLevel: Logger.Level { value.withLock { $0.loggerLevel } }

  private static func pair(
    _ level: Configuration.Logging.Level
  ) -> (level: Configuration.Logging.Level, loggerLevel: Logger.Level) {
    (level, Logger.Level(rawValue: level.rawValue) ?? .info)
  }
}
