package import Dispatch
import Glibc

/// A signal of the process, delivered on a queue instead of in a handler.
///
/// SAFETY: `@unchecked Sendable` because the source is only touched at either end of the object's life.
package final class SignalSource: @unchecked Sendable {
  private let source: any DispatchSourceSignal

  /// Takes over a signal: its default action no longer happens, `action` runs on `queue` instead.
  package init(_ signal: CInt, queue: DispatchQueue, action: @escaping @Sendable () -> Void) {
    _ = Glibc.signal(signal, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
    source.setEventHandler(handler: action)
    source.activate()
  }

  deinit {
    source.cancel()
  }
}
