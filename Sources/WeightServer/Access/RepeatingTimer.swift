import Dispatch

/// Does something about every second, until it goes.
///
/// `@unchecked Sendable`: the source is only touched at either end of the object's life.
final class RepeatingTimer: @unchecked Sendable {
  private let source: any DispatchSourceTimer

  /// Begins with the first second.
  init(label: String, action: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: label, qos: .utility))
    source.schedule(deadline: .now() + 1, repeating: 1, leeway: .milliseconds(250))
    source.setEventHandler(handler: action)
    source.activate()
  }

  deinit {
    source.cancel()
  }
}
