internal import Dispatch
internal import Platform
internal import Synchronization
internal import Transport

/// Several lanes that fetch the pieces of one content side by side, each over a connection of its own.
///
/// All answers are of one strong tag (`If-Range`): a server that has other content is left out. A lane whose server fails goes to
/// another; one that fails twice without a byte between ends, and the error of the last lane is the crew's.
final class LaneCrew: Sendable {
  /// What the lanes share and nothing changes.
  struct Context: Sendable {
    let servers: ServerSet
    let target: String
    let content: TransferContent
    let sink: any TransferSink
    let digest: RunningDigest?
    let cancel: CancelSignal
    /// Is told how far the front has come, by one lane at a time.
    let onProgress: @Sendable (Int) -> Void
  }

  private struct State {
    var scheduler: PieceScheduler
    var idle = 0
    var running = 0
    var isChanged = false
    var excluded: Set<Int> = []
    /// The lane's signal, by the number of its piece.
    var signals: [Int: CancelSignal] = [:]
    var failure: WeightClientError?
    var isOver: Bool { failure != nil || scheduler.isComplete }
  }

  private let context: Context
  private let state: Mutex<State>
  private let wake = DispatchSemaphore(value: 0)
  private let start = ContinuousClock.now
  /// Held by the lane that hashes and tells of progress.
  private let followers: Mutex<Int>

  /// Longest time that an idle lane sleeps: it looks whether a piece stands still.
  private static let idleInterval = DispatchTimeInterval.milliseconds(50)
  /// Bytes that a lane hashes before it receives again.
  private static let hashStep = 4 << 20

  /// A crew for what is missing of a content.
  init(_ context: Context, range: Range<Int>, pieceSize: Int) {
    self.context = context
    state = Mutex(State(scheduler: PieceScheduler(range, pieceSize: pieceSize)))
    followers = Mutex(range.lowerBound)
  }

  /// The end of what is stored without a gap.
  var prefix: Int { state.withLock { $0.scheduler.prefix } }

  private var elapsed: Duration { start.duration(to: .now) }

  /// Fetches all, with `lanes` lanes, the first of which goes on with an answer that has begun. Returns when no lane runs any more.
  func run(lanes: Int, first: OpenAnswer) throws(WeightClientError) {
    let claim = state.withLock { state in
      state.running = lanes
      return state.scheduler.claimFront(first.range.count, at: elapsed)
    }
    let group = DispatchGroup()
    for lane in 1..<max(lanes, 1) {
      DispatchQueue(label: "weight-server-client.lane").async(group: group) {
        self.work(lane: lane, first: nil)
      }
    }
    work(lane: 0, first: (first, claim))
    group.wait()
    follow(upTo: .max)
    if context.cancel.isCancelled { throw .canceled }
    let (failure, isComplete) = state.withLock { ($0.failure, $0.scheduler.isComplete) }
    if isComplete { return }
    throw failure ?? WeightClientError(.connection, .unavailable, "the transfer ended early")
  }

  // MARK: One lane

  private func work(lane: Int, first: (answer: OpenAnswer, claim: PieceScheduler.Claim)?) {
    guard var signal = try? context.cancel.child() else {
      if let first { state.withLock { $0.scheduler.giveBack(first.claim.number) } }
      return leave(nil)
    }
    let window = context.sink.makeWindow()
    var begun = first
    var failures = 0
    while let claim = begun?.claim ?? next() {
      state.withLock { $0.signals[claim.number] = signal }
      defer { state.withLock { $0.signals[claim.number] = nil } }
      do throws(WeightClientError) {
        let answer: OpenAnswer
        if let first = begun.take() {
          answer = first.answer
        } else {
          answer = try open(claim.rest, lane: lane, cancel: signal)
        }
        try receive(claim, answer, window, signal) { failures = 0 }
      } catch {
        state.withLock { $0.scheduler.giveBack(claim.number) }
        wakeAll()
        if context.cancel.isCancelled || state.withLock({ $0.isOver }) { break }
        if error.code == .canceled {
          // Another lane was faster with this piece.
          guard let fresh = try? context.cancel.child() else { return leave(error) }
          signal = fresh
          continue
        }
        failures += 1
        guard error.isRetryable || error.origin == .content, failures < 2 else { return leave(error) }
      }
    }
    leave(nil)
  }

  /// The next piece of a lane, waited for; nil where there is nothing left to do.
  private func next() -> PieceScheduler.Claim? {
    while !context.cancel.isCancelled {
      let (claim, isOver) = state.withLock { state -> (PieceScheduler.Claim?, Bool) in
        if state.isOver { return (nil, true) }
        let claim = state.scheduler.claim(at: elapsed, hedgeAfter: context.servers.configuration.hedgeDelay)
        if claim == nil { state.idle += 1 }
        return (claim, false)
      }
      if claim != nil || isOver { return claim }
      _ = wake.wait(timeout: .now() + LaneCrew.idleInterval)
      state.withLock { $0.idle -= 1 }
    }
    return nil
  }

  private func wakeAll() {
    for _ in 0..<state.withLock({ $0.idle }) { wake.signal() }
  }

  private func open(
    _ range: Range<Int>, lane: Int, cancel: CancelSignal
  ) throws(WeightClientError) -> OpenAnswer {
    let excluded = state.withLock { $0.excluded }
    return try context.servers.attempt(from: lane, excluding: excluded) {
      (exchanger, index) throws(WeightClientError) in
      let answer = try OpenAnswer.request(
        context.target, range: PartialRange(start: range.lowerBound, end: range.upperBound),
        ifRange: context.content.resumeTag, on: exchanger, cancel: cancel)
      guard answer.head.range == range, answer.head.content.isSame(as: context.content) else {
        state.withLock { state in
          state.isChanged = true
          _ = state.excluded.insert(index)
        }
        throw WeightClientError(
          .connection, .unavailable, "\(exchanger.address): the content is not the one that is being fetched")
      }
      return answer
    }
  }

  private func receive(
    _ claim: PieceScheduler.Claim, _ answer: OpenAnswer, _ window: ByteBuffer?, _ cancel: CancelSignal,
    onProgress: () -> Void
  ) throws(WeightClientError) {
    let limit = context.servers.configuration.progressTimeout
    var rest = claim.rest
    while true {
      let count: Int
      do throws(WeightClientError) {
        count = try context.sink.receive(
          rest, from: answer.connection, through: window, within: limit, digest: nil, cancel: cancel)
      } catch {
        if error.origin == .connection, error.code != .canceled {
          context.servers.noteFailure(at: answer.exchanger.address)
        }
        throw error
      }
      onProgress()
      rest = rest.lowerBound + count..<rest.upperBound
      let (progress, overtaken) = state.withLock { state in
        let hadHedges = state.scheduler.hasHedges
        let progress = state.scheduler.received(count, on: claim.number, at: elapsed)
        let numbers = hadHedges ? state.scheduler.takeOvertaken() : []
        return (progress, numbers.compactMap { state.signals[$0] })
      }
      for signal in overtaken { signal.cancel() }
      follow(upTo: LaneCrew.hashStep)
      switch progress {
      case .goOn:
        if state.withLock({ $0.failure != nil }) { throw .canceled }
      case .wasOvertaken: return
      case .isWhole:
        if answer.range.upperBound == rest.lowerBound { answer.finish() }
        wakeAll()
        return
      }
    }
  }

  /// Ends a lane. The last one's error is the crew's; an error of this side's is at once.
  private func leave(_ error: WeightClientError?) {
    let signals = state.withLock { state -> [CancelSignal] in
      state.running -= 1
      guard let error, !state.isOver, state.running == 0 || error.origin == .local else { return [] }
      state.failure = error
      return Array(state.signals.values)
    }
    for signal in signals { signal.cancel() }
    wakeAll()
  }

  // MARK: What follows behind the front

  /// Hashes what is stored without a gap, at most `limit` bytes, and tells of it; not where another lane does.
  private func follow(upTo limit: Int) {
    followers.withLockIfAvailable { told in
      let prefix = prefix
      if let digest = context.digest, digest.position < prefix {
        let end = min(
          prefix, digest.position.addingReportingOverflow(limit).overflow ? prefix : digest.position + limit)
        try? context.sink.hash(digest.position..<end, into: digest, cancel: context.cancel)
      }
      guard prefix > told else { return }
      told = prefix
      context.sink.note(prefix, of: context.content)
      context.onProgress(prefix)
    }
  }
}
