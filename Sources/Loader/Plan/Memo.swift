import Synchronization

/// A value that is made when it is first asked for, once.
final class Memo<Value: Sendable>: Sendable {
  private let stored: Mutex<Value?> = Mutex(nil)

  /// The value.
  func value(_ make: () -> Value) -> Value {
    stored.withLock { stored in
      if let stored { return stored }
      let made = make()
      stored = made
      return made
    }
  }
}
