import HTTPTypes
import Loader
import Logging
import Platform
import Synchronization
import Transport

/// Partitions in sealed memory, each made once however many ask: what workers of this host map in place of receiving it.
final class SharedMemoryStock: Sendable {
  private typealias Index = SharedMemoryIndex<SealedMemory, @Sendable () -> Void>

  private let index: Mutex<Index>
  private let pool: WorkerPool
  private let buffers: BufferStock
  private let logger: Logger
  private let handedOut = Atomic<Int>(0)

  /// Bytes that a step makes before others get their turn.
  private static let stepBytes = 32 << 20

  /// A stock of at most `budget` bytes; 0 shares nothing.
  init(budget: Int, buffers: BufferStock, logger: Logger) {
    index = Mutex(Index(budget: budget))
    pool = WorkerPool(limit: max(2, ProcessorCount.available()), label: "weight-server.sharing")
    self.buffers = buffers
    self.logger = logger
  }

  /// Calls `then` when a partition lies in memory, or it is known that it will not.
  func prepare(_ body: PartitionBody, then: @escaping @Sendable () -> Void) {
    let id = body.plan.identity
    let answer = index.withLock { $0.ask(id, bytes: body.plan.length, then) { $0.isUsed } }
    switch answer {
    case .wait: break
    case .ready, .refused: then()
    case .make: pool.run { self.begin(body) }
    }
  }

  /// Gives a descriptor of a partition that lies in memory away with the answer to a request that wishes one.
  func attach(_ id: String, to response: inout Response, for request: Request) {
    guard response.status == .ok, DescriptorWish.isMade(by: request), let memory = index.withLock({ $0.use(id) }),
      let passed = try? memory.open()
    else { return }
    handedOut.add(1, ordering: .relaxed)
    response.descriptor = passed
    response.fields[.contentDescriptor] = DescriptorWish.kind
  }

  /// What lies in memory, and how often it was given away.
  struct Statistics: Sendable {
    /// Bytes that all may have together.
    let budget: Int
    /// Bytes that they have.
    let bytes: Int
    let partitions: Int
    let handedOut: Int
  }

  /// The numbers of now.
  var statistics: Statistics {
    let handedOut = handedOut.load(ordering: .relaxed)
    return index.withLock {
      Statistics(budget: $0.budget, bytes: $0.bytes, partitions: $0.count, handedOut: handedOut)
    }
  }

  // MARK: Making

  private func begin(_ body: PartitionBody) {
    do throws(SystemError) {
      let file = try MemoryFile(label: "weight-server-partition", count: body.plan.length)
      fill(file, body, from: WindowCursor(body))
    } catch {
      failed(body, error)
    }
  }

  /// Makes some windows, and has the next step run behind those of others.
  private func fill(_ file: MemoryFile, _ body: PartitionBody, from cursor: WindowCursor) {
    var cursor = cursor
    var left = SharedMemoryStock.stepBytes
    do {
      let isAtEnd = try buffers.withBuffer { buffer in
        while left > 0 {
          guard let range = try cursor.next() else { return true }
          try body.fill(buffer, with: range)
          try file.write(buffer, at: range.lowerBound)
          left -= range.count
        }
        return false
      }
      if isAtEnd {
        finish(body, try file.sealed())
      } else {
        let next = cursor
        pool.run { self.fill(file, body, from: next) }
      }
    } catch {
      failed(body, error)
    }
  }

  private func finish(_ body: PartitionBody, _ memory: SealedMemory?) {
    let waiters = index.withLock { $0.finished(body.plan.identity, memory) }
    for waiter in waiters { waiter() }
  }

  private func failed(_ body: PartitionBody, _ error: any Error) {
    logger.warning(
      "partition is not shared in memory",
      metadata: [
        "entry": "\(body.plan.identity)", "bytes": "\(body.plan.length)", "error": "\("\(error)".escaped)",
      ])
    finish(body, nil)
  }
}
