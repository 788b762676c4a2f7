import Dispatch
import HTTPTypes
import Platform

/// A client's connection: feeds its state machine with what happens, and does what that says.
///
/// `@unchecked Sendable`: everything mutable is touched on the loop's queue only.
final class ServerConnection: @unchecked Sendable {
  /// What all connections of a server share.
  struct Context: Sendable {
    let handler: any RequestHandler
    var limits: ConnectionLimits
    let workers: WorkerPool
    let counters: ServerCounters
    let meter: LimitMeter
    let memory: ByteBudget
    let onRefusal: (@Sendable (StatusError, String) -> Void)?
    var pacer: Pacer?
    /// How TLS is spoken; nil where it is not.
    let tls: TLSListening?
    /// Where handshakes are done that take long.
    let handshakes: WorkerPool
  }

  let context: Context
  let loop: EventLoop
  private let name: String
  let remoteAddress: String
  /// What is known of the client.
  var peer: Peer
  private let load: ClientLoad
  private let onClose: @Sendable () -> Void
  private let cancellation = CancellationFlag()

  /// How far it is on the way to its first request.
  var handshake: Handshake
  /// What it is told as soon as it understands.
  var refusal: StatusError?
  /// The answer to each of its requests where its certificate, or that it has none, is not good enough.
  var peerRefusal: StatusError?
  /// Nil once it is closed: who still refers to this connection then keeps no descriptor open.
  var socket: ByteStream?
  var machine: ServerConnectionStateMachine
  var transmission: Transmission?
  /// Bytes that may be sent before others get their turn.
  var budget = 0
  /// Whether the client takes nothing at the moment.
  private(set) var isBlocked = false
  /// Whether its address has had its share of a while.
  private var isPaced = false

  private var transmissions: UInt64 = 0
  /// What the loop knows it by, from `start` to `close`.
  private var token: UInt64?
  /// Whether there may be something to receive: it is told once, and holds until there is no more.
  var hasInput = false
  /// Whether the client has ended its direction, of which nothing more is told.
  private var inputEnds = false
  private var isReceiving = false
  private var receiveIsScheduled = false
  private var deadlineTimer: (any DispatchSourceTimer)?
  private var time: (timer: ServerConnectionStateMachine.Timer, exchange: UInt64, end: ContinuousClock.Instant)?
  /// How fast the client takes the current answer.
  var progress = WriteProgress()
  /// Bytes that were handed to the kernel.
  private var sentBytes = 0
  /// Bytes in memory that the server's budget counts for this connection.
  var accounted = 0
  /// Whether the sending direction is to be ended as soon as there is room for that.
  private var endsWhenWritable = false

  /// A connection that was accepted; `onClose` is called once, when it is over.
  init(
    socket: ByteStream, remoteAddress: String, peer: Peer = Peer(), load: ClientLoad = ClientLoad(), name: String,
    loop: EventLoop, context: Context, onClose: @escaping @Sendable () -> Void
  ) {
    self.socket = socket
    self.remoteAddress = remoteAddress
    self.peer = peer
    self.load = load
    self.name = name
    self.loop = loop
    self.context = context
    self.onClose = onClose
    handshake = socket.isPlain ? .isOver : .isUnderway
    machine = ServerConnectionStateMachine(limits: context.limits)
  }

  /// The queue that everything happens on.
  var queue: DispatchQueue { loop.queue }

  /// Begins to read, or to refuse.
  func start(refusing error: StatusError? = nil) {
    queue.async { [self] in
      guard let socket else { return }
      socket.socket.setNoDelay()
      token = loop.add(self, socket.socket)
      guard token != nil else { return perform(machine.abort()) }
      if handshake == .isOver {
        perform(error.map { machine.refuse($0, date: loop.date) } ?? .wait)
      } else {
        // It is told over TLS, or it would not understand.
        refusal = error
        perform(.wait)
      }
    }
  }

  /// Answers the request numbered `exchange` from another thread.
  func respondLater(_ response: Response, to exchange: UInt64) {
    queue.async { [self] in
      guard let action = machine.respond(response, to: exchange, date: loop.date) else {
        response.onDelivery?(Response.Delivery(status: nil, bytesSent: 0, isComplete: false))
        return
      }
      perform(action)
    }
  }

  /// Makes the current request the last one. On the loop's queue.
  func drain() {
    perform(machine.drain())
  }

  /// Cuts the connection. On the loop's queue.
  func abort() {
    perform(machine.abort())
  }

  /// Acts if a time is over. On the loop's queue.
  func lookAtTime(_ now: ContinuousClock.Instant) {
    if let time, time.end <= now {
      guard handshake == .isOver else { return handshakeTimedOut() }
      if time.timer == .idle {
        context.meter.reached(.idleTime, by: remoteAddress, "the connection is closed: it brought no request")
      }
      perform(machine.timedOut(date: loop.date))
    } else if isBlocked, machine.timer == .sending {
      lookAtProgress(now)
    }
  }

  /// Does what the state machine says, until it waits.
  func perform(_ first: ServerConnectionStateMachine.Action) {
    dispatchPrecondition(condition: .onQueue(loop.queue))
    budget = min(context.limits.firstBudget, context.limits.sendBudget)
    var action: ServerConnectionStateMachine.Action? = first
    while let current = action { action = step(current) }
    settle()
  }

  private func step(
    _ action: ServerConnectionStateMachine.Action
  ) -> ServerConnectionStateMachine.Action? {
    switch action {
    case .wait: return nil
    case .sendContinue: return sendContinue()
    case .handle(let head, let body): return handle(head, body)
    case .send(let outgoing): return begin(outgoing)
    case .endSending:
      endSending()
      return nil
    case .close:
      close()
      return nil
    case .reset:
      socket?.resetWhenClosed()
      close()
      return nil
    }
  }

  /// Gives a request to the handler.
  private func handle(_ head: RequestHead, _ body: [UInt8]) -> ServerConnectionStateMachine.Action? {
    let exchange = machine.exchange
    if let refusal = refusePeer() { return machine.respond(refusal, to: exchange, date: loop.date) }
    let timeout: Duration?
    do throws(StatusError) {
      timeout = head.hasConditions ? try RequestTimeout.parse(head.fields) : nil
    } catch {
      return machine.respond(Response(error), to: exchange, date: loop.date)
    }
    context.counters.requests.count()
    let request = Request(
      head: head, body: body, deadline: timeout.map { ContinuousClock.now + $0 }, remoteAddress: remoteAddress,
      peer: peer, load: load, name: RequestName(connection: name, number: exchange), cancellation: cancellation)
    if let response = context.handler.answerAtOnce(request) {
      return machine.respond(response, to: exchange, date: loop.date)
    }
    if let timeout { startDeadline(timeout, exchange: exchange) }
    let responder = Responder(connection: self, exchange: exchange)
    context.handler.handle(request) { responder.respond($0) }
    return responder.handlerReturned().flatMap { machine.respond($0, to: exchange, date: loop.date) }
  }

  private func begin(_ outgoing: OutgoingResponse) -> ServerConnectionStateMachine.Action? {
    var outgoing = outgoing
    if let error = outgoing.refusal {
      context.counters.requestsRefused.count()
      context.onRefusal?(error, remoteAddress)
      context.meter.refused(error, remoteAddress)
    } else if transmission == nil, machine.isAtRequestLimit {
      context.meter.reached(.requestsPerConnection, by: remoteAddress, "the connection is closed after this answer")
    }
    // An answer that could not be begun gives way to the error, and its owner hears of that one's delivery.
    if let replaced = transmission { outgoing.onDelivery = replaced.onDelivery }
    transmissions += 1
    transmission = Transmission(outgoing, number: transmissions, takesScattered: socket?.isPlain ?? false)
    progress = WriteProgress()
    if let error = refusalForMemory(of: outgoing.body) {
      return machine.failed(error, in: machine.exchange, date: loop.date)
    }
    // Each answer costs something, however short it is.
    budget -= 4096
    return pump()
  }

  private func startDeadline(_ timeout: Duration, exchange: UInt64) {
    if deadlineTimer == nil {
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.resume()
      deadlineTimer = timer
    }
    deadlineTimer?.setEventHandler { [self] in
      let error = StatusError(.deadlineExceeded, "no answer within the \(timeout) that the client waits")
      perform(machine.failed(error, in: exchange, date: loop.date))
    }
    deadlineTimer?.schedule(deadline: .now() + DispatchTimeInterval(timeout))
  }

  /// The socket has become ready. On the loop's queue.
  func ready(_ event: PollSet.Event) {
    if event.isWritable, isBlocked, let token {
      isBlocked = false
      progress.unblocked(at: .now)
      loop.giveTurn(token)
    }
    guard event.isReadable else { return }
    hasInput = true
    inputEnds = inputEnds || event.hasEnded
    receive()
  }

  func receive() {
    guard handshake == .isOver else { return continueHandshake() }
    isReceiving = true
    defer { isReceiving = false }
    for _ in 0..<4 {
      guard hasInput, let socket, machine.wantsInput else { return }
      do throws(StreamError) {
        guard let count = try socket.receive(into: &loop.scratch) else {
          hasInput = false
          return
        }
        // What gives less than there is room for has no more, and it is told when more comes; only of the end it is not told twice.
        if count == 0 || count < loop.scratch.count && !inputEnds && socket.isPlain { hasInput = false }
        perform(count == 0 ? machine.receivedEnd() : received(count))
      } catch {
        perform(machine.abort())
        return
      }
    }
    receiveLater()
  }

  /// Has the machine take the bytes that were received; it need not read a head again that it knows.
  func take(_ count: Int) -> ServerConnectionStateMachine.Action {
    guard machine.isBetweenRequests else { return machine.received(loop.scratch[..<count], date: loop.date) }
    if let head = loop.heads.head(of: loop.scratch[..<count]) { return machine.received(head) }
    let action = machine.received(loop.scratch[..<count], date: loop.date)
    if case .handle(let head, _) = action, !machine.hasPending { loop.heads.insert(head, of: loop.scratch[..<count]) }
    return action
  }

  /// Goes on to receive after the others of the loop had their turn.
  private func receiveLater() {
    guard hasInput, machine.wantsInput, !receiveIsScheduled else { return }
    receiveIsScheduled = true
    queue.async { [self] in
      receiveIsScheduled = false
      receive()
    }
  }

  /// Begins anew to measure how long what it does takes.
  func resetTime() {
    time = nil
  }

  /// Brings the input and the time into line with the state.
  private func settle() {
    guard socket != nil else { return }
    if hasInput, !isReceiving { receiveLater() }
    account()
    updateTime()
  }

  private func updateTime() {
    // How fast an answer is taken is looked at apart.
    guard let timer = machine.timer, timer != .sending else {
      time = nil
      return
    }
    if let time, time.timer == timer, time.exchange == machine.exchange { return }
    let limits = context.limits
    let duration =
      switch timer {
      case .idle: handshake == .isOver ? limits.idle : limits.headTime
      case .head: limits.headTime
      case .body: limits.bodyTime
      case .sending: limits.writeProgress
      case .lingering: limits.lingering
      }
    time = (timer, machine.exchange, ContinuousClock.now + duration)
  }

  private func close() {
    guard let socket else { return }
    // What is whole is said to be: who was cut off must not hear that.
    if transmission == nil, handshake == .isOver, !socket.isPlain { _ = socket.endSending() }
    finishTransmission(isComplete: false)
    cancellation.cancel()
    deadlineTimer?.cancel()
    deadlineTimer = nil
    time = nil
    if let token { loop.remove(token, socket.socket) }
    token = nil
    withExtendedLifetime(socket) { self.socket = nil }
    account()
    onClose()
  }
}

/// What sending needs of the sources.
extension ServerConnection {
  /// Counts bytes that the client took.
  func progressed(_ count: Int) {
    budget -= count
    sentBytes += count
    context.counters.bytesSent.count(count)
    transmission?.meter?.count(count)
  }

  /// Goes on when the client can take more.
  func waitUntilWritable() {
    isBlocked = true
    progress.blocked(at: .now, taken: takenBytes)
  }

  /// Bytes that the client has taken.
  var takenBytes: Int { sentBytes - (socket?.untaken ?? 0) }

  /// Ends the sending direction, now or when there is room to say so.
  func endSending() {
    guard let socket else { return }
    endsWhenWritable = !socket.endSending()
    if endsWhenWritable { waitUntilWritable() }
  }

  /// Bytes of a body that may be sent now; nil where its address has had its share, and sending goes on later.
  func share(of wanted: Int) -> Int? {
    guard let pacer = context.pacer, let address = pacedAddress else { return wanted }
    switch pacer.take(wanted, for: address, at: .now) {
    case .bytes(let count): return count
    case .wait(let time):
      isPaced = true
      queue.asyncAfter(deadline: .now() + DispatchTimeInterval(time)) { [self] in
        isPaced = false
        yieldToOthers(isOnItsOwn: true)
      }
      return nil
    }
  }

  /// Bytes of a share were not sent.
  func giveBack(_ count: Int) {
    if count > 0, let pacer = context.pacer, let address = pacedAddress { pacer.giveBack(count, for: address) }
  }

  /// The client's address without the port; nil for a Unix socket.
  private var pacedAddress: String? {
    guard !remoteAddress.hasPrefix("unix:"), let colon = remoteAddress.lastIndex(of: ":") else { return nil }
    return String(remoteAddress[..<colon])
  }

  /// Goes on after the other connections of the loop had their turn.
  /// - Parameter isOnItsOwn: whether this is the last thing that is done in a block of the queue.
  func yieldToOthers(isOnItsOwn: Bool = false) {
    if let token { loop.giveTurn(token, isOnItsOwn: isOnItsOwn) }
  }

  /// Sends a budget's worth. On the loop's queue.
  func takeTurn() {
    // What is made ready while the client takes nothing, or may have nothing, waits for it.
    if isBlocked || isPaced { return }
    if handshake == .isOver { perform(pumpAgain()) } else { continueHandshake() }
  }

  /// Sends on with a fresh budget.
  func pumpAgain() -> ServerConnectionStateMachine.Action {
    if endsWhenWritable { endSending() }
    budget = context.limits.sendBudget
    return pump() ?? .wait
  }
}
