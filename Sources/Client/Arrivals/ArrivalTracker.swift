internal import Loader
internal import Platform

/// Hands over the tensors of a partition that is stored in one memory, each as soon as all of it is there.
///
/// `@unchecked Sendable`: one thread at a time tells it of progress.
final class ArrivalTracker: @unchecked Sendable {
  private let queue: ArrivalQueue<TensorView>
  private var content: TransferContent?
  private var header: SafetensorsHeader?
  private var handedOver = 0

  /// A tracker that hands over to a queue.
  init(_ queue: ArrivalQueue<TensorView>) {
    self.queue = queue
  }

  /// The bytes of this content come from now on.
  /// - Throws: `aborted` where tensors of another content were handed over.
  func begin(_ content: TransferContent) throws(WeightClientError) {
    guard handedOver == 0 else { throw .changedWhileArriving }
    self.content = content
    header = nil
  }

  /// All bytes before a position are there.
  func advance(to position: Int, in memory: MemoryRegion) {
    guard let content else { return }
    if header == nil {
      // What is no header is found out when the transfer is checked.
      header = try? SafetensorsHeader.reading(size: content.length, subject: "the partition") {
        (range) throws(WeightClientError) in
        guard range.upperBound <= position else { throw .changedWhileArriving }
        return memory.copyBytes(in: range)
      }
    }
    guard let header else { return }
    while handedOver < header.tensors.count {
      let tensor = header.tensors[handedOver]
      guard tensor.range.upperBound + header.dataStart <= position else { return }
      handedOver += 1
      queue.put(TensorView(tensor, dataStart: header.dataStart, memory: memory))
    }
  }
}

extension WeightClientError {
  /// The content changed when some of it was in the caller's hands already.
  static let changedWhileArriving = WeightClientError(
    .content, .aborted, "the content changed after part of it was handed over; begin again, and pin a revision")
}
