internal import Platform

/// Where a transfer's bytes go. It is used by one thread at a time, `receive` apart where `takesRanges`: several may store at once,
/// each its own range.
protocol TransferSink: AnyObject, Sendable {
  /// Whether any range can be stored at any time, and read again. Else bytes are stored in order, once.
  var takesRanges: Bool { get }

  /// What an earlier transfer left here that can be gone on with.
  var resumable: TransferJournal? { get }

  /// Forgets what is stored, and makes room for this content.
  func prepare(_ content: TransferContent) throws(WeightClientError)

  /// Memory that a thread needs to `receive`; nil where it needs none.
  func makeWindow() -> ByteBuffer?

  /// Stores the next bytes of a body at the start of `range`, which is what remains of it, and adds them to the digest.
  /// Returns how many.
  func receive(
    _ range: Range<Int>, from connection: ClientConnection, through window: ByteBuffer?, within limit: Duration,
    digest: RunningDigest?, cancel: CancelSignal
  ) throws(WeightClientError) -> Int

  /// Notes that the first `position` bytes of a content are stored, in case this process ends. What cannot be noted is fetched
  /// again then.
  func note(_ position: Int, of content: TransferContent)

  /// Bytes that are stored.
  func bytes(_ range: Range<Int>) throws(WeightClientError) -> [UInt8]

  /// Adds a stored range to a digest.
  func hash(_ range: Range<Int>, into digest: RunningDigest, cancel: CancelSignal) throws(WeightClientError)

  /// Makes what is stored the result.
  func commit() throws(WeightClientError)

  /// Ends without a result. The first `position` bytes, which are of this content, are kept for another transfer.
  func keep(_ position: Int, of content: TransferContent)

  /// Ends without a result, and leaves nothing.
  func remove()
}
