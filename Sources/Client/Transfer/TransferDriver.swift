internal import HTTPTypes
internal import Loader
internal import Platform
internal import Transport

/// Carries out what a transfer's state machine says, on the thread it is run on.
struct TransferDriver {
  private let servers: ServerSet
  private let target: String
  private let sink: any TransferSink
  private let progress: TransferProgress.Handler?
  private let cancel: CancelSignal
  private let resumedFrom: Int
  private let clock = ContinuousClock()
  private var machine: TransferStateMachine
  private var answer: OpenAnswer?
  private var digest: RunningDigest?
  private var sha256: [UInt8]?
  /// What is told of the transfer while lanes run is told from their threads.
  private let ticker = ProgressTicker()
  private let keepsPartialWhenCancelled: Bool
  private let mayUseLanes: Bool

  /// A transfer of a partition into a sink.
  init(
    servers: ServerSet, request: PartitionRequest, sink: any TransferSink, progress: TransferProgress.Handler?,
    cancel: CancelSignal, keepsPartialWhenCancelled: Bool = false
  ) {
    self.servers = servers
    let configuration = servers.configuration
    self.keepsPartialWhenCancelled = keepsPartialWhenCancelled || configuration.keepsPartialWhenCancelled
    // What the server casts or quantizes it makes once for all who ask for the whole, and for each range anew.
    mayUseLanes = sink.takesRanges && !request.isTransformed
    target = request.target("/shard")
    self.sink = sink
    self.progress = progress
    self.cancel = cancel
    let journal = sink.resumable
    resumedFrom = journal?.stored ?? 0
    machine = TransferStateMachine(
      policy: configuration.retry, seed: UInt64.random(in: 0...UInt64.max), resuming: journal?.content,
      position: journal?.stored ?? 0, pinnedRevision: request.revision,
      firstLimit: mayUseLanes && configuration.connections > 1 ? configuration.pieceBytes : nil)
  }

  /// Runs the transfer to its end.
  mutating func run() throws(WeightClientError) -> FetchResult {
    let start = clock.now
    var event = TransferStateMachine.Event.start
    while true {
      var next: TransferStateMachine.Event?
      for action in machine.handle(event, elapsed: start.duration(to: clock.now)) {
        switch action {
        case .finish(let content): return result(of: content, duration: start.duration(to: clock.now))
        case .fail(let error, let keepsPartial):
          end(keepsPartial: keepsPartial && (error.code != .canceled || keepsPartialWhenCancelled))
          throw error
        default: break
        }
        do throws(WeightClientError) {
          next = try perform(action)
        } catch {
          answer = nil
          next = .failed(error)
          break
        }
      }
      guard let next else { preconditionFailure("a transfer has nothing to do after \(event)") }
      event = next
    }
  }

  private mutating func perform(
    _ action: TransferStateMachine.Action
  ) throws(WeightClientError) -> TransferStateMachine.Event? {
    switch action {
    case .request(let point, let limit): return .head(try request(from: point, limit: limit))
    case .discard:
      answer = nil
      return nil
    case .prepare(let content):
      try sink.prepare(content)
      return nil
    case .receive(let range): return try receive(range)
    case .wait(let delay):
      if cancel.wait(for: delay) { throw .canceled }
      return .waited
    case .verify(let content):
      do throws(WeightClientError) {
        try verify(content)
      } catch {
        if error.origin == .content { return .rejected(error) }
        throw error
      }
      try sink.commit()
      return .verified
    case .finish, .fail: return nil
    }
  }

  private mutating func request(
    from point: TransferStateMachine.ResumePoint?, limit: Int?
  ) throws(WeightClientError) -> TransferHead {
    let start = point?.offset ?? 0
    let range =
      point == nil && limit == nil ? nil : PartialRange(start: start, end: limit.map { start + $0 })
    let answer = try servers.attempt { (exchanger, _) throws(WeightClientError) in
      try OpenAnswer.request(target, range: range, ifRange: point?.tag, on: exchanger, cancel: cancel)
    }
    self.answer = answer
    return answer.head
  }

  private mutating func receive(_ range: Range<Int>) throws(WeightClientError) -> TransferStateMachine.Event {
    guard let answer, let content = machine.content else {
      preconditionFailure("a transfer receives without an answer")
    }
    try prepareDigest(of: content, from: range.lowerBound)
    tell(stored: range.lowerBound, of: content)
    let lanes = laneCount(for: range, of: content, answer)
    if lanes == 1, answer.range.upperBound == range.upperBound {
      try receive(range, of: content, from: answer)
    } else {
      try receive(range, of: content, lanes: lanes, first: answer)
    }
    self.answer = nil
    tell(stored: content.length, of: content, isLast: true)
    return .bodyEnded
  }

  /// How many lanes fetch a range: as many as are configured and have a piece each, and one that stands by where there is a second
  /// server.
  private func laneCount(for range: Range<Int>, of content: TransferContent, _ answer: OpenAnswer) -> Int {
    let configuration = servers.configuration
    guard mayUseLanes, content.resumeTag != nil else { return 1 }
    let pieces = (range.count + configuration.pieceBytes - 1) / max(configuration.pieceBytes, 1)
    let lanes = max(min(configuration.connections, pieces), 1)
    let hedges = servers.exchangers.count > 1 && configuration.hedgeDelay != nil
    return lanes == 1 && hedges ? 2 : lanes
  }

  /// Receives over one connection.
  private mutating func receive(
    _ range: Range<Int>, of content: TransferContent, from answer: OpenAnswer
  ) throws(WeightClientError) {
    let limit = servers.configuration.progressTimeout
    var rest = range
    while !rest.isEmpty {
      let count: Int
      do throws(WeightClientError) {
        count = try sink.receive(
          rest, from: answer.connection, through: nil, within: limit, digest: digest, cancel: cancel)
      } catch {
        if error.origin == .connection, error.code != .canceled { servers.noteFailure(at: answer.exchanger.address) }
        throw error
      }
      rest = rest.lowerBound + count..<rest.upperBound
      _ = machine.handle(.received(count))
      sink.note(rest.lowerBound, of: content)
      if !rest.isEmpty { tell(stored: rest.lowerBound, of: content) }
    }
    answer.finish()
  }

  /// Receives over several connections.
  private mutating func receive(
    _ range: Range<Int>, of content: TransferContent, lanes: Int, first: OpenAnswer
  ) throws(WeightClientError) {
    let teller = teller(of: content)
    let crew = LaneCrew(
      LaneCrew.Context(
        servers: servers, target: target, content: content, sink: sink, digest: digest, cancel: cancel,
        onProgress: { teller($0, false) }),
      range: range, pieceSize: servers.configuration.pieceBytes)
    var failure: WeightClientError?
    do throws(WeightClientError) {
      try crew.run(lanes: lanes, first: first)
    } catch {
      failure = error
    }
    _ = machine.handle(.received(crew.prefix - range.lowerBound))
    if let failure { throw failure }
    if let digest { try sink.hash(digest.position..<range.upperBound, into: digest, cancel: cancel) }
  }

  /// Brings the digest, if one is made, to where the body begins.
  private mutating func prepareDigest(of content: TransferContent, from position: Int) throws(WeightClientError) {
    let isWanted =
      switch servers.configuration.verification {
      case .header: false
      case .offeredDigest: content.digest != nil
      case .digest: true
      }
    guard isWanted else {
      digest = nil
      return
    }
    if digest == nil || digest.map({ $0.position > position }) == true {
      // What was passed on cannot be read again: a digest that the server knows only now comes too late.
      guard sink.takesRanges || position == 0 else { return }
      digest = RunningDigest()
    }
    if let digest { try sink.hash(digest.position..<position, into: digest, cancel: cancel) }
  }

  private mutating func verify(_ content: TransferContent) throws(WeightClientError) {
    _ = try SafetensorsHeader.reading(size: content.length, subject: "the partition", bytes: sink.bytes)
    guard let digest else { return }
    let made = digest.finish()
    sha256 = made
    guard let stated = content.digest, stated != made else { return }
    throw WeightClientError(
      .content, .dataLoss,
      "the partition's SHA-256 is \(made.hexadecimal), and the server states \(stated.hexadecimal)")
  }

  private func tell(stored: Int, of content: TransferContent, isLast: Bool = false) {
    teller(of: content)(stored, isLast)
  }

  /// What tells of progress, from any thread.
  private func teller(of content: TransferContent) -> @Sendable (_ stored: Int, _ isLast: Bool) -> Void {
    guard let progress else { return { _, _ in } }
    let (total, resumedFrom, attempt) = (content.length, resumedFrom, machine.attempts)
    return { [ticker] stored, isLast in
      guard ticker.isDue(isLast: isLast) else { return }
      progress(TransferProgress(stored: stored, total: total, resumedFrom: resumedFrom, attempt: attempt))
    }
  }

  private mutating func end(keepsPartial: Bool) {
    answer = nil
    if keepsPartial, let content = machine.content {
      sink.keep(machine.position, of: content)
    } else {
      sink.remove()
    }
  }

  private func result(of content: TransferContent, duration: Duration) -> FetchResult {
    FetchResult(
      byteCount: content.length, resumedFrom: resumedFrom, entityTag: content.tag?.description,
      revision: content.revision, attempts: machine.attempts, duration: duration, sha256: sha256,
      isDigestConfirmed: sha256 != nil && sha256 == content.digest)
  }
}
