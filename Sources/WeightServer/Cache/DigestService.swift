import Loader
import Platform
import Synchronization
import Transport

/// Knows the SHA-256 of bodies, and finds those that no cache entry has by reading the body: one at a time, behind all other work.
final class DigestService: Sendable {
  private let table = Mutex(DigestTable<@Sendable () -> Void>())
  private let queue = WorkerPool(limit: 1, label: "weight-server.digests", niceness: 10)
  private let buffers: BufferStock

  init(buffers: BufferStock) { self.buffers = buffers }

  /// The digest of a body, if it is known.
  func digest(_ id: String) -> [UInt8]? { table.withLock { $0[id] } }

  /// Whether someone waits for a digest.
  func isAwaited(_ id: String) -> Bool { table.withLock { $0.isAwaited(id) } }

  /// Calls `waiter` once, when a digest is known or cannot be found.
  func whenSettled(_ id: String, _ waiter: @escaping @Sendable () -> Void) {
    if table.withLock({ $0.wait(for: id, waiter) }) { waiter() }
  }

  /// A digest was found.
  func learned(_ id: String, _ digest: [UInt8]) {
    for waiter in table.withLock({ $0.learned(id, digest) }) { waiter() }
  }

  /// A digest cannot be found.
  func failed(_ id: String) {
    for waiter in table.withLock({ $0.failed(id) }) { waiter() }
  }

  /// Has a body read, where its digest is not known. Where too many wait already, whoever waits for this one goes without.
  func compute(_ body: PartitionBody) {
    let id = body.plan.identity
    guard table.withLock({ $0.enqueue(id) }) else {
      if !table.withLock({ $0.isQueued(id) }) { failed(id) }
      return
    }
    queue.run { [self] in
      do throws(LoaderError) {
        learned(id, try read(body))
      } catch {
        // The sources changed: the requests themselves will say so.
        failed(id)
      }
    }
  }

  private func read(_ body: PartitionBody) throws(LoaderError) -> [UInt8] {
    var hash = SHA256()
    var cursor = WindowCursor(body)
    while let range = try cursor.next() {
      let result: Result<Void, LoaderError> = buffers.withBuffer { buffer in
        do throws(LoaderError) {
          try body.fill(buffer, with: range)
          hash.update(buffer)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
      try result.get()
    }
    return hash.finish()
  }
}
