import Logging
import Synchronization
import Transport

/// Logs what no handler sees: that limits were reached, and requests that could not be read. Of each kind a line at once, and then at most
/// one a second, which says how often it was since, so that a flood of requests is none of lines.
final class RefusalLog: Sendable {
  private let logger: Logger
  private let throttles = Mutex<[Limit?: LogThrottle]>([:])

  init(logger: Logger) {
    self.logger = logger
  }

  /// A client has reached a limit.
  func note(_ event: LimitMeter.Event) {
    guard let times = times(event.limit) else { return }
    logger.log(
      level: RefusalLog.level(of: event.limit), "limit reached",
      metadata: [
        "limit": "\(event.limit.rawValue)", "remote": "\(event.remote)", "times": "\(times)",
        "consequence": "\(event.consequence)",
      ])
  }

  /// A request could not be read. What a limit refuses is noted as that.
  func note(_ error: StatusError, _ remote: String) {
    guard error.limit == nil, let times = times(nil) else { return }
    logger.info("request refused", metadata: ["remote": "\(remote)", "times": "\(times)", "error": "\(error)"])
  }

  private func times(_ kind: Limit?) -> Int? {
    let now = ContinuousClock.now
    return throttles.withLock { $0[kind, default: LogThrottle()].note(at: now) }
  }

  /// What is everyday life is not worth a line that an operator sees.
  private static func level(of limit: Limit) -> Logger.Level {
    switch limit {
    case .idleTime, .requestsPerConnection: .debug
    case .targetBytes, .headBytes, .headFields, .bodyBytes, .headTime, .bodyTime, .writeTime: .info
    case .connections, .connectionsPerAddress, .descriptors, .requests, .requestsPerAddress, .bytesInFlight,
      .executions:
      .warning
    }
  }
}
