/// What happens in a fetch.
public enum FetchEvent: Sendable, Hashable {
  /// How far it has come.
  case progress(TransferProgress)
  /// It is done: the last event.
  case finished(FetchResult)
}

/// A fetch as a sequence of its progress, and of its result at the end.
///
///     for try await event in client.events(of: request, toFile: path) {
///       if case .progress(let progress) = event { bar.fraction = progress.fraction }
///     }
///
/// Progress that nobody has taken when there is newer is left out: who is slow does not slow the fetch. Each iteration is a fetch of its
/// own, cancelled when the iteration is left.
public struct FetchEvents: AsyncSequence, Sendable {
  /// What the iteration gives: events.
  public typealias Element = FetchEvent
  /// What it can end with.
  public typealias Failure = WeightClientError

  let begin: @Sendable () -> ArrivalTask<FetchEvent>

  /// An iteration, which has not sent anything yet.
  public func makeAsyncIterator() -> Iterator { Iterator(begin: begin) }

  /// One iteration, which one task uses at a time.
  public struct Iterator: AsyncIteratorProtocol {
    let begin: @Sendable () -> ArrivalTask<FetchEvent>
    private var task: ArrivalTask<FetchEvent>?

    init(begin: @escaping @Sendable () -> ArrivalTask<FetchEvent>) { self.begin = begin }

    /// The next event, waited for; nil behind the result.
    public mutating func next() async throws(WeightClientError) -> FetchEvent? {
      let running = task ?? begin()
      task = running
      return try await running.next()
    }

    /// The next event, waited for on the caller's actor; nil behind the result.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(WeightClientError) -> FetchEvent? {
      let running = task ?? begin()
      task = running
      return try await running.next()
    }
  }
}
