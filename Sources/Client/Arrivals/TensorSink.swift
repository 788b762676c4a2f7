internal import Loader
internal import Platform

/// Stores a transfer tensor by tensor, each run of them in memory of its own, and hands each over when it is whole. It waits while too
/// much lies in the queue: the connection's window then fills, and the server waits.
///
/// `@unchecked Sendable`: one thread at a time uses it.
final class TensorSink: StreamingSink, @unchecked Sendable {
  /// Tensors that lie in one memory.
  private struct Run {
    let lease: RegionLease
    /// Where the file's byte 0 would lie in the memory: the file's alignment is kept.
    let shift: Int
    let end: Int
  }

  private let queue: ArrivalQueue<TensorView>
  private let pool: RegionPool
  let front = FrontBytes()
  private var header: SafetensorsHeader?
  private var run: Run?
  private var next = 0

  /// Bytes up to which small tensors share a memory.
  private let runBytes: Int
  private static let runBytesRange = 64 << 10...8 << 20
  /// To what addresses are aligned as in the file.
  private static let alignment = 64

  /// A sink that is ahead of its queue by at most `limit` bytes.
  init(_ queue: ArrivalQueue<TensorView>, limit: Int) {
    self.queue = queue
    pool = RegionPool(limit: limit)
    runBytes = min(max(limit / 4, TensorSink.runBytesRange.lowerBound), TensorSink.runBytesRange.upperBound)
  }

  func prepare(_ content: TransferContent) throws(WeightClientError) {
    guard next == 0 else { throw .changedWhileArriving }
    front.begin(content)
    header = nil
    run = nil
  }

  func receive(
    _ range: Range<Int>, from connection: ClientConnection, through window: ByteBuffer?, within limit: Duration,
    digest: RunningDigest?, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    guard let header else {
      let count = try front.receive(range, from: connection, within: limit, digest: digest, cancel: cancel)
      self.header = try front.header()
      handOver(upTo: range.lowerBound + count)
      return count
    }
    if run.map({ $0.end <= range.lowerBound }) ?? true { run = try makeRun(at: range.lowerBound, header, cancel) }
    guard let run else { throw WeightClientError(.content, .dataLoss, "bytes behind the last tensor") }
    let end = min(run.end, range.upperBound)
    let place = range.lowerBound - run.shift..<end - run.shift
    let count = try connection.receiveBody(into: run.lease.region, range: place, within: limit, cancel: cancel)
    digest?.add(run.lease.region, in: place.lowerBound..<place.lowerBound + count)
    handOver(upTo: range.lowerBound + count)
    return count
  }

  /// Takes memory for the next tensors that begin at a position.
  private func makeRun(
    at position: Int, _ header: SafetensorsHeader, _ cancel: CancelSignal
  ) throws(WeightClientError) -> Run? {
    var index = next
    var end = position
    while index < header.tensors.count {
      let tensorEnd = header.tensors[index].range.upperBound + header.dataStart
      if end > position, tensorEnd - position > runBytes { break }
      end = tensorEnd
      index += 1
    }
    guard end > position else { return nil }
    try queue.waitForRoom(end - position, cancel: cancel)
    let offset = position % TensorSink.alignment
    return Run(lease: try pool.take(offset + end - position), shift: position - offset, end: end)
  }

  private func handOver(upTo position: Int) {
    guard let header else { return }
    while next < header.tensors.count {
      let tensor = header.tensors[next]
      guard tensor.range.upperBound + header.dataStart <= position else { return }
      next += 1
      if let run, tensor.range.upperBound + header.dataStart <= run.end, !tensor.range.isEmpty {
        let view = TensorView(
          tensor, dataStart: header.dataStart, memory: run.lease.region, shift: run.shift, lease: run.lease)
        queue.put(view, cost: tensor.range.count)
      } else {
        queue.put(TensorView(empty: tensor, dataStart: header.dataStart))
      }
    }
  }
}
