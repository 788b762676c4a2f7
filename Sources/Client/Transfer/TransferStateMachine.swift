internal import Transport

/// What a transfer of one partition does next: events in, actions out, with no socket, file or clock inside.
///
/// The last action of a list is the one whose outcome is the next event; those before it have none but a failure.
struct TransferStateMachine: Sendable {
  /// What happened.
  enum Event: Hashable, Sendable {
    /// The transfer begins.
    case start
    /// An answer with bytes has come.
    case head(TransferHead)
    /// So many more bytes are stored.
    case received(Int)
    /// The body is stored whole.
    case bodyEnded
    /// The server refused, the connection broke, or storing failed.
    case failed(WeightClientError)
    /// The wait is over.
    case waited
    /// What was stored is what it has to be.
    case verified
    /// What was stored is not what it has to be.
    case rejected(WeightClientError)
  }

  /// What to do.
  enum Action: Hashable, Sendable {
    /// Ask for the whole, or for what follows `offset` if the content still has this tag; where there is a limit, for so many bytes
    /// only. Leads to `head` or `failed`.
    case request(ResumePoint?, limit: Int? = nil)
    /// Forget what is stored, leave the answer's body unread, and close its connection.
    case discard
    /// Forget what is stored, and make room for this content.
    case prepare(TransferContent)
    /// Store the body as these bytes of the content. Leads to `received`, many times, then `bodyEnded` or `failed`.
    case receive(Range<Int>)
    /// Let time pass. Leads to `waited`, or `failed` on cancellation.
    case wait(Duration)
    /// Check what is stored. Leads to `verified` or `rejected`.
    case verify(TransferContent)
    /// Give the result to the caller.
    case finish(TransferContent)
    /// Give the error to the caller; what is stored stays where it can be resumed.
    case fail(WeightClientError, keepsPartial: Bool)
  }

  /// Where a body is asked for from.
  struct ResumePoint: Hashable, Sendable {
    /// The first byte wanted.
    let offset: Int
    /// The content that the bytes before it are of.
    let tag: EntityTag
  }

  private enum State: Hashable {
    case idle
    case requesting(ResumePoint?, limit: Int?)
    case receiving
    case waiting
    case verifying
    case ended
  }

  /// Times that stored bytes may be thrown away because the content changed or cannot be resumed.
  static let restartLimit = 16

  /// The content that is being fetched, once it is known.
  private(set) var content: TransferContent?
  /// Bytes of it that are stored, from the start.
  private(set) var position: Int
  private var state = State.idle
  private var restarts = 0
  private var retries: RetryState<SplitMix64>
  private let pinnedRevision: String?
  /// Bytes that an answer may have, where the rest is fetched beside it.
  private let firstLimit: Int?

  /// Tries that were begun.
  var attempts: Int { retries.attempts }

  /// A transfer that begins with nothing, or with the first `position` bytes of a content that an earlier one stored.
  init(
    policy: RetryPolicy, seed: UInt64, resuming content: TransferContent? = nil, position: Int = 0,
    pinnedRevision: String? = nil, firstLimit: Int? = nil
  ) {
    self.firstLimit = firstLimit
    retries = RetryState(policy, generator: SplitMix64(seed: seed))
    self.content = content
    self.position = content == nil ? 0 : position
    self.pinnedRevision = pinnedRevision
  }

  /// Takes in what happened, `elapsed` after `start`.
  mutating func handle(_ event: Event, elapsed: Duration = .zero) -> [Action] {
    switch (state, event) {
    case (.ended, _): return []
    case (.idle, .start), (.waiting, .waited): return [request()]
    case (.requesting(let asked, let limit), .head(let head)): return answered(head, asked: asked, limit: limit)
    case (.receiving, .received(let count)):
      position += count
      if count > 0 { retries.madeProgress() }
      return []
    case (.receiving, .bodyEnded):
      guard let content, position == content.length else {
        return fail(WeightClientError(.content, .dataLoss, "the body ended early"))
      }
      state = .verifying
      return [.verify(content)]
    case (.verifying, .verified):
      guard let content else { return [] }
      state = .ended
      return [.finish(content)]
    case (.verifying, .rejected(let error)):
      state = .ended
      return [.fail(error, keepsPartial: false)]
    case (_, .failed(let error)): return failed(error, elapsed: elapsed)
    default:
      preconditionFailure("a transfer that is \(state) cannot take \(event)")
    }
  }

  /// Asks for what is missing. Of a content that is whole the last byte is asked for again: the answer says whether it is
  /// still the server's.
  private mutating func request() -> Action {
    var point: ResumePoint?
    if let content, let tag = content.resumeTag, position > 0 {
      position = min(position, content.length - 1)
      if position > 0 { point = ResumePoint(offset: position, tag: tag) }
    }
    state = .requesting(point, limit: firstLimit)
    return .request(point, limit: firstLimit)
  }

  /// Asks for the whole, since parts cannot be put together.
  private mutating func requestWhole() -> [Action] {
    content = nil
    position = 0
    state = .requesting(nil, limit: nil)
    return [.discard, .request(nil, limit: nil)]
  }

  private mutating func answered(_ head: TransferHead, asked: ResumePoint?, limit: Int?) -> [Action] {
    if let pinnedRevision, let revision = head.content.revision, revision != pinnedRevision {
      return fail(
        WeightClientError(
          .content, .aborted,
          "the answer is of revision \(revision.utf8.printable), not of \(pinnedRevision.utf8.printable) as asked"))
    }
    guard let range = head.range else {
      // The whole: the content changed, or the server knows no ranges.
      if position > 0, let error = countRestart() { return fail(error) }
      return begin(head.content, stored: 0, actions: [.prepare(head.content)])
    }
    let length = head.content.length
    let start = asked?.offset ?? 0
    let end = limit.map { start + min($0, max(length - start, 0)) } ?? length
    if asked == nil, limit != nil, range == 0..<end, end == length || head.content.resumeTag != nil {
      if position > 0, let error = countRestart() { return fail(error) }
      return begin(head.content, stored: 0, actions: [.prepare(head.content)])
    }
    guard let asked, range == start..<end, let content, content.isSame(as: head.content) else {
      if let error = countRestart() { return fail(error) }
      return requestWhole()
    }
    return begin(head.content, stored: asked.offset, actions: [])
  }

  private mutating func begin(_ content: TransferContent, stored: Int, actions: [Action]) -> [Action] {
    self.content = content
    position = stored
    state = .receiving
    return actions + [.receive(stored..<content.length)]
  }

  /// Counts that stored bytes are thrown away; an error where that happens too often.
  private mutating func countRestart() -> WeightClientError? {
    restarts += 1
    guard restarts > TransferStateMachine.restartLimit else { return nil }
    return WeightClientError(
      .content, .aborted,
      "the content changed, or could not be resumed, \(restarts) times while it was fetched; pin a revision")
  }

  private mutating func failed(_ error: WeightClientError, elapsed: Duration) -> [Action] {
    // A range beyond the end means that what is stored is of another content.
    if error.code == .outOfRange, case .requesting(let point, let limit) = state, point != nil || limit != nil {
      if let error = countRestart() { return fail(error) }
      return requestWhole()
    }
    switch retries.failed(error, elapsed: elapsed) {
    case .giveUp: return fail(error)
    case .wait(let delay):
      if position > 0, content?.resumeTag == nil {
        // What is stored cannot be resumed: the next try begins anew.
        if let error = countRestart() { return fail(error) }
        position = 0
      }
      state = .waiting
      return [.wait(delay)]
    }
  }

  private mutating func fail(_ error: WeightClientError) -> [Action] {
    state = .ended
    let isResumable = position > 0 && content?.resumeTag != nil
    return [.fail(error, keepsPartial: isResumable && !error.endsContent)]
  }
}

extension WeightClientError {
  /// Whether the error says that this content will not be had by asking again.
  fileprivate var endsContent: Bool {
    switch origin {
    case .connection, .local: false
    case .content, .request: true
    case .server:
      [.invalidArgument, .notFound, .failedPrecondition, .outOfRange, .unimplemented, .dataLoss].contains(code)
    }
  }
}
