import Platform
import Synchronization
import Transport

/// The partitions and tensors that are being sent now, for those who watch.
final class Transfers: Sendable {
  /// One answer that is on its way.
  struct Transfer: Sendable {
    /// The request's name in the log.
    let id: String
    /// Who takes it.
    let remote: String
    /// The checkpoint's name.
    let model: String
    /// Whose partition it is.
    let rank: Int
    /// Of how many.
    let mp: Int
    /// All parameters, in their canonical spelling.
    let parameters: String
    /// Bytes of the body that was asked for.
    let bytes: Int
    /// What has left.
    let meter = SendMeter()
    /// When it was asked for.
    let start = ContinuousClock.now
  }

  /// Transfers that are listed; there may be more.
  static let listLimit = 256

  private let state = Mutex((next: 0, transfers: [Int: Transfer]()))

  /// Keeps a transfer until `end`.
  /// - Returns: its key.
  func begin(_ transfer: Transfer) -> Int {
    state.withLock { state in
      state.next += 1
      state.transfers[state.next] = transfer
      return state.next
    }
  }

  /// Forgets a transfer.
  func end(_ key: Int) { state.withLock { _ = $0.transfers.removeValue(forKey: key) } }

  /// How many a client may see, and those of them that began first.
  func current(for access: Access) -> (count: Int, oldest: [Transfer]) {
    let transfers = state.withLock { $0.transfers }
    let sorted = transfers.filter { access.maySee($0.value.model) }.sorted { $0.key < $1.key }
    return (sorted.count, sorted.prefix(Transfers.listLimit).map(\.value))
  }
}
