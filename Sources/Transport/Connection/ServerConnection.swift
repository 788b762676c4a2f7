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
    let limits: ConnectionLimits
    let workers: WorkerPool
    let counters: ServerCounters
    let onRefusal: (@Sendable (StatusError, String) -> Void)?
  }

  let context: Context
  let loop: EventLoop
  private let name: String
  private let remoteAddress: String
  /// What is known of the client.
  var peer: Peer
  private let onClose: @Sendable () -> Void
  private let cancellation = CancellationFlag()

  /// Nil once it is closed: who still refers to this connection then keeps no descriptor open.
  var socket: ByteStream?
  var machine: ServerConnectionStateMachine
  var transmission: Transmission?
  /// Bytes that may be sent before others get their turn.
  var budget = 0
  /// Whether the client takes nothing at the moment.
  private(set) var isBlocked = false

  private var transmissions: UInt64 = 0
  /// What the loop knows it by, from `start` to `close`.
  private var token: UInt64?
  /// Whether there may be something to receive: it is told once, and holds until there is no more.
  private var hasInput = false
  /// Whether the client has ended its direction, of which nothing more is told.
  private var inputEnds = false
  private var isReceiving = false
  private var receiveIsScheduled = false
  private var deadlineTimer: (any DispatchSourceTimer)?
  private var time: (timer: ServerConnectionStateMachine.Timer, exchange: UInt64, end: ContinuousClock.Instant)?
  private var madeProgress = false
  /// Bytes that were encrypted and had not left when the client took no more.
  private var unsent = 0
  /// Whether the sending direction is to be ended as soon as there is room for that.
  private var endsWhenWritable = false

  /// A connection that was accepted; `onClose` is called once, when it is over.
  init(
    socket: ByteStream, remoteAddress: String, peer: Peer = Peer(), name: String, loop: EventLoop, context: Context,
    onClose: @escaping @Sendable () -> Void
  ) {
    self.socket = socket
    self.remoteAddress = remoteAddress
    self.peer = peer
    self.name = name
    self.loop = loop
    self.context = context
    self.onClose = onClose
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
      perform(error.map { machine.refuse($0, date: loop.date) } ?? .wait)
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
    if let time, time.end <= now { perform(machine.timedOut(date: loop.date)) }
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
    let timeout: Duration?
    do throws(StatusError) {
      timeout = try RequestTimeout.parse(head.fields)
    } catch {
      return machine.respond(Response(error), to: exchange, date: loop.date)
    }
    context.counters.requests.count()
    let request = Request(
      head: head, body: body, deadline: timeout.map { ContinuousClock.now + $0 }, remoteAddress: remoteAddress,
      peer: peer, id: "\(name)-\(exchange)", cancellation: cancellation)
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
    }
    // An answer that could not be begun gives way to the error, and its owner hears of that one's delivery.
    if let replaced = transmission { outgoing.onDelivery = replaced.onDelivery }
    transmissions += 1
    transmission = Transmission(outgoing, number: transmissions)
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
      loop.giveTurn(token)
    }
    guard event.isReadable else { return }
    hasInput = true
    inputEnds = inputEnds || event.hasEnded
    receive()
  }

  private func receive() {
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
        perform(count == 0 ? machine.receivedEnd() : machine.received(loop.scratch[..<count], date: loop.date))
      } catch {
        perform(machine.abort())
        return
      }
    }
    receiveLater()
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

  /// Brings the input and the time into line with the state.
  private func settle() {
    guard socket != nil else { return }
    if hasInput, !isReceiving { receiveLater() }
    updateTime()
  }

  private func updateTime() {
    let progressed = madeProgress
    madeProgress = false
    guard let timer = machine.timer, timer != .sending || isBlocked else {
      time = nil
      return
    }
    if let time, time.timer == timer, time.exchange == machine.exchange, !(timer == .sending && progressed) { return }
    let limits = context.limits
    let duration =
      switch timer {
      case .idle: limits.idle
      case .head: limits.headTime
      case .body: limits.bodyTime
      case .sending: limits.writeProgress
      case .lingering: limits.lingering
      }
    time = (timer, machine.exchange, ContinuousClock.now + duration)
  }

  private func close() {
    guard let socket else { return }
    finishTransmission(isComplete: false)
    cancellation.cancel()
    deadlineTimer?.cancel()
    deadlineTimer = nil
    time = nil
    if let token { loop.remove(token, socket.socket) }
    token = nil
    withExtendedLifetime(socket) { self.socket = nil }
    onClose()
  }
}

/// What sending needs of the sources.
extension ServerConnection {
  /// Counts bytes that the client took.
  func progressed(_ count: Int) {
    budget -= count
    madeProgress = true
    context.counters.bytesSent.count(count)
  }

  /// Goes on when the client can take more.
  func waitUntilWritable() {
    // What was encrypted before leaves without being counted again, and is progress all the same.
    let waiting = socket?.unsent ?? 0
    if waiting < unsent { madeProgress = true }
    unsent = waiting
    isBlocked = true
  }

  /// Ends the sending direction, now or when there is room to say so.
  func endSending() {
    guard let socket else { return }
    endsWhenWritable = !socket.endSending()
    if endsWhenWritable { waitUntilWritable() }
  }

  /// Goes on after the other connections of the loop had their turn.
  /// - Parameter isOnItsOwn: whether this is the last thing that is done in a block of the queue.
  func yieldToOthers(isOnItsOwn: Bool = false) {
    if let token { loop.giveTurn(token, isOnItsOwn: isOnItsOwn) }
  }

  /// Sends a budget's worth. On the loop's queue.
  func takeTurn() {
    // What is made ready while the client takes nothing waits for it.
    if !isBlocked { perform(pumpAgain()) }
  }

  /// Sends on with a fresh budget.
  func pumpAgain() -> ServerConnectionStateMachine.Action {
    if endsWhenWritable { endSending() }
    budget = context.limits.sendBudget
    return pump() ?? .wait
  }
}
