import Dispatch

/// Does something again and again, until it goes.
///
/// `@unchecked Sendable`: the source is only touched at either end of the object's life.
final class RepeatingTimer: @unchecked Sendable {
  private let source: any DispatchSourceTimer

  /// Begins after the first interval.
  init(label: String, seconds: Double = 1, action: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: label, qos: .utility))
    source.schedule(deadline: .now() + seconds, repeating: seconds, leeway: .milliseconds(Int(seconds * 250)))
    source.setEventHandler(handler: action)
    source.activate()
  }

  deinit {
    source.cancel()
  }
}
