package import Synchronization

/// What the connections of one client have in hand together.
package final class ClientLoad: Sendable {
  /// Requests that are being answered.
  package let requests = Atomic(0)

  /// Nothing yet.
  package init() {}
}
