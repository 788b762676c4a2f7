/// The tensors of a partition in the order in which they arrive, each as soon as all of it is there.
///
///     for try await tensor in client.tensors(PartitionRequest(rank: 2, mp: 4)) {
///       tensor.withBytes { bytes in device.copy(bytes, to: tensor.name) }
///     }
///
/// Each iteration is a transfer of its own. It is cancelled when the iteration is left. Its error comes behind the tensors that arrived
/// whole; a digest that is not the server's is one, so what was copied counts only once the sequence has ended without an error.
public struct TensorStream: AsyncSequence, Sendable {
  /// What the iteration gives: tensors.
  public typealias Element = TensorView
  /// What it can end with.
  public typealias Failure = WeightClientError

  let begin: @Sendable () -> ArrivalTask<TensorView>

  /// An iteration, which has not sent anything yet.
  public func makeAsyncIterator() -> Iterator { Iterator(begin: begin) }

  /// One iteration, which one task uses at a time.
  public struct Iterator: AsyncIteratorProtocol {
    let begin: @Sendable () -> ArrivalTask<TensorView>
    private var task: ArrivalTask<TensorView>?

    init(begin: @escaping @Sendable () -> ArrivalTask<TensorView>) { self.begin = begin }

    /// The next tensor, waited for; nil behind the last one, when the partition was checked.
    public mutating func next() async throws(WeightClientError) -> TensorView? {
      let running = task ?? begin()
      task = running
      return try await running.next()
    }

    /// The next tensor, waited for on the caller's actor; nil behind the last one, when the partition was checked.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(WeightClientError) -> TensorView? {
      let running = task ?? begin()
      task = running
      return try await running.next()
    }
  }
}
