import Synchronization

/// What an answer needs to be there until it was sent.
final class HeldUntilSent: Sendable {
  private let objects = Mutex<[any Sendable]>([])

  /// Keeps an object.
  func hold(_ object: (any Sendable)?) {
    guard let object else { return }
    objects.withLock { $0.append(object) }
  }

  /// Lets everything go.
  func release() {
    // What goes may call back, so it goes outside of the lock.
    let objects = objects.withLock { objects in
      defer { objects = [] }
      return objects
    }
    withExtendedLifetime(objects) {}
  }
}
