/// How far a transfer has come.
public struct TransferProgress: Sendable, Hashable {
  /// Bytes stored, those of an earlier transfer among them.
  public let stored: Int
  /// Bytes of the whole partition.
  public let total: Int
  /// Bytes that an earlier transfer had stored when this one began.
  public let resumedFrom: Int
  /// The try that is under way, from 1.
  public let attempt: Int

  /// A state of progress.
  public init(stored: Int, total: Int, resumedFrom: Int, attempt: Int) {
    self.stored = stored
    self.total = total
    self.resumedFrom = resumedFrom
    self.attempt = attempt
  }

  /// What is told of it: called on the transfer's own thread, at most some twenty times a second and once at the end. It must
  /// return soon, since nothing is received meanwhile.
  public typealias Handler = @Sendable (TransferProgress) -> Void
}
