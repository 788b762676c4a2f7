import Dispatch
import Synchronization

/// A body that several threads make together.
extension PartitionBody {
  /// Bytes that a thread makes before it takes the next: small enough that none ends long after the others.
  private static let shareSize = 4 << 20

  /// Makes the bytes `range` of the body in memory that is as long, with as many threads at once as there are `workers`.
  ///
  /// Threads take shares in turn, each as it is done with its last. Blocks until all is made, or something was wrong and every
  /// thread has stopped.
  @unsafe public func fill(
    _ destination: UnsafeMutableRawBufferPointer, with range: Range<Int>, workers: Int
  ) throws(LoaderError) {
    guard range.lowerBound >= 0, range.upperBound <= plan.length, range.count == destination.count else {
      throw LoaderError(.invalidArgument, "bytes \(range) lie outside the body of \(plan.length)")
    }
    // SAFETY: threads write disjoint parts of the destination, which the caller lends until all have ended.
    nonisolated(unsafe) let memory = unsafe destination
    try share(range.count, among: workers) { (part) throws(LoaderError) in
      let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[part])
      unsafe try fill(piece, with: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }
  }

  /// Calls `make` for every share of `0..<count`, on that many threads.
  private func share(
    _ count: Int, among workers: Int, _ make: @Sendable (Range<Int>) throws(LoaderError) -> Void
  ) throws(LoaderError) {
    let next = Atomic(0)
    let failure = Mutex<LoaderError?>(nil)
    let threads = max(1, min(workers, count / PartitionBody.shareSize + 1))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let start = next.add(PartitionBody.shareSize, ordering: .relaxed).oldValue
        guard start < count else { return }
        do throws(LoaderError) {
          try make(start..<min(start + PartitionBody.shareSize, count))
        } catch {
          failure.withLock { $0 = $0 ?? error }
          next.store(count, ordering: .relaxed)
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
