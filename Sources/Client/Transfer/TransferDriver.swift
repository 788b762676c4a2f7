internal import HTTPTypes
internal import Loader
internal import Platform
internal import Transport

/// Carries out what a transfer's state machine says, on the thread it is run on.
struct TransferDriver {
  private let exchanger: Exchanger
  private let target: String
  private let sink: any TransferSink
  private let progress: TransferProgress.Handler?
  private let cancel: CancelSignal
  private let resumedFrom: Int
  private let clock = ContinuousClock()
  private var machine: TransferStateMachine
  private var connection: ClientConnection?
  private var digest: RunningDigest?
  private var sha256: [UInt8]?
  private var lastTold: ContinuousClock.Instant?

  /// The shortest time between two tellings of progress.
  private static let progressInterval = Duration.milliseconds(50)

  /// A transfer of a partition into a sink.
  init(
    exchanger: Exchanger, request: PartitionRequest, sink: any TransferSink, progress: TransferProgress.Handler?,
    cancel: CancelSignal
  ) {
    self.exchanger = exchanger
    target = request.target("/shard")
    self.sink = sink
    self.progress = progress
    self.cancel = cancel
    let journal = sink.resumable
    resumedFrom = journal?.stored ?? 0
    machine = TransferStateMachine(
      policy: exchanger.configuration.retry, seed: UInt64.random(in: 0...UInt64.max), resuming: journal?.content,
      position: journal?.stored ?? 0, pinnedRevision: request.revision)
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
          end(keepsPartial: keepsPartial)
          throw error
        default: break
        }
        do throws(WeightClientError) {
          next = try perform(action)
        } catch {
          connection = nil
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
    case .request(let point): return .head(try request(from: point))
    case .discard:
      connection = nil
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
    from point: TransferStateMachine.ResumePoint?
  ) throws(WeightClientError) -> TransferHead {
    var fields = HTTPFields()
    if let point {
      fields[.range] = "bytes=\(point.offset)-"
      fields[.ifRange] = point.tag.description
    }
    if exchanger.configuration.verification == .digest { fields[.wantReprDigest] = "sha-256=10" }
    let (connection, head) = try exchanger.send(.get, target, fields: fields, cancel: cancel)
    self.connection = connection
    return try TransferHead(head)
  }

  private mutating func receive(_ range: Range<Int>) throws(WeightClientError) -> TransferStateMachine.Event {
    guard let connection, let content = machine.content else {
      preconditionFailure("a transfer receives without a connection")
    }
    try prepareDigest(of: content, from: range.lowerBound)
    let limit = exchanger.configuration.progressTimeout
    var rest = range
    tell(isLast: false)
    while !rest.isEmpty {
      let count = try sink.receive(rest, from: connection, within: limit, digest: digest, cancel: cancel)
      rest = rest.lowerBound + count..<rest.upperBound
      _ = machine.handle(.received(count))
      sink.note(rest.lowerBound, of: content)
      tell(isLast: rest.isEmpty)
    }
    connection.endBody()
    exchanger.pool.giveBack(connection)
    self.connection = nil
    return .bodyEnded
  }

  /// Brings the digest, if one is made, to where the body begins.
  private mutating func prepareDigest(of content: TransferContent, from position: Int) throws(WeightClientError) {
    let isWanted =
      switch exchanger.configuration.verification {
      case .header: false
      case .offeredDigest: content.digest != nil
      case .digest: true
      }
    guard isWanted else {
      digest = nil
      return
    }
    if digest == nil || digest.map({ $0.position > position }) == true { digest = RunningDigest() }
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

  private mutating func tell(isLast: Bool) {
    guard let progress, let content = machine.content else { return }
    let now = clock.now
    if !isLast, let lastTold, lastTold.duration(to: now) < TransferDriver.progressInterval { return }
    lastTold = now
    progress(
      TransferProgress(
        stored: machine.position, total: content.length, resumedFrom: resumedFrom, attempt: machine.attempts))
  }

  private mutating func end(keepsPartial: Bool) {
    connection = nil
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
