internal import Platform

/// A sink whose bytes are handed on in order as they come, and are not there any more: nothing of them can be kept, read again or gone on
/// with but their beginning.
protocol StreamingSink: TransferSink {
  /// The beginning, which is checked before anything is handed on.
  var front: FrontBytes { get }
}

extension StreamingSink {
  var takesRanges: Bool { false }
  var resumable: TransferJournal? { nil }
  func makeWindow() -> ByteBuffer? { nil }
  func note(_ position: Int, of content: TransferContent) {}
  func bytes(_ range: Range<Int>) throws(WeightClientError) -> [UInt8] { try front.bytes(range) }

  func hash(_ range: Range<Int>, into digest: RunningDigest, cancel: CancelSignal) throws(WeightClientError) {
    guard range.isEmpty else { throw .changedWhileArriving }
  }

  func commit() {}
  func keep(_ position: Int, of content: TransferContent) {}
  func remove() {}
}
