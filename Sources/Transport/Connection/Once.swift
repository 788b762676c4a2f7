import Synchronization

/// Passes the first of several results on.
final class Once<Value: Sendable>: Sendable {
  private let body: Mutex<(@Sendable (Value) -> Void)?>

  init(_ body: @escaping @Sendable (Value) -> Void) {
    self.body = Mutex(body)
  }

  /// Passes `value` on if it is the first; answers whether it was.
  @discardableResult
  func callAsFunction(_ value: Value) -> Bool {
    let body = body.withLock { body in
      defer { body = nil }
      return body
    }
    body?(value)
    return body != nil
  }
}
