internal import Platform

/// Stores a transfer in memory that is there already, or that is taken when the length is known.
///
/// `@unchecked Sendable`: `receive` touches nothing here that changes after `prepare`; all else is called by one thread at a time.
final class MemorySink: TransferSink, @unchecked Sendable {
  /// The memory, once there is any.
  private(set) var memory: MemoryRegion?
  /// Bytes of it that the content has.
  private(set) var count = 0
  private let mayGrow: Bool
  private let arrivals: ArrivalTracker?

  /// Bytes that are hashed between two looks at the signal.
  private static let step = 16 * 1024 * 1024

  /// Stores in `memory`; `mayGrow` lets larger memory take its place where it is too small.
  /// `arrivals` is told how far the front has come.
  init(memory: MemoryRegion?, mayGrow: Bool, arrivals: ArrivalTracker? = nil) {
    self.memory = memory
    self.arrivals = arrivals
    self.mayGrow = mayGrow
  }

  var resumable: TransferJournal? { nil }

  func prepare(_ content: TransferContent) throws(WeightClientError) {
    try arrivals?.begin(content)
    count = content.length
    if let memory, memory.count >= content.length { return }
    guard mayGrow else {
      throw WeightClientError(
        .local, .resourceExhausted,
        "the partition has \(content.length) bytes, and the memory given has \(memory?.count ?? 0)")
    }
    memory = nil
    do throws(SystemError) {
      memory = try MemoryRegion.allocating(content.length)
    } catch {
      throw WeightClientError(error)
    }
  }

  private var region: MemoryRegion {
    guard let memory else { preconditionFailure("a transfer stores before it has prepared its memory") }
    return memory
  }

  var takesRanges: Bool { true }

  func makeWindow() -> ByteBuffer? { nil }

  func receive(
    _ range: Range<Int>, from connection: ClientConnection, through window: ByteBuffer?, within limit: Duration,
    digest: RunningDigest?, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    let count = try connection.receiveBody(into: region, range: range, within: limit, cancel: cancel)
    digest?.add(region, in: range.lowerBound..<range.lowerBound + count)
    return count
  }

  func note(_ position: Int, of content: TransferContent) {
    arrivals?.advance(to: position, in: region)
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    region.copyBytes(in: range)
  }

  func hash(_ range: Range<Int>, into digest: RunningDigest, cancel: CancelSignal) throws(WeightClientError) {
    var position = range.lowerBound
    while position < range.upperBound {
      if cancel.isCancelled { throw .canceled }
      let end = min(position + MemorySink.step, range.upperBound)
      digest.add(region, in: position..<end)
      position = end
    }
  }

  func commit() {}

  func keep(_ position: Int, of content: TransferContent) {}

  func remove() {}
}
