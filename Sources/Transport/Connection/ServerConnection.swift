import Dispatch
import HTTPTypes
import Platform

/// A client's connection: feeds its state machine with what happens, and does what that says.
///
/// `@unchecked Sendable`: everything mutable is touched on `queue`, which targets the loop's queue, or on that one, only.
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
  let queue: DispatchQueue
  private let name: String
  private let remoteAddress: String
  private let onClose: @Sendable () -> Void
  private let cancellation = CancellationFlag()

  /// Nil once it is closed: who still refers to this connection then keeps no descriptor open.
  var socket: Socket?
  var machine: ServerConnectionStateMachine
  var transmission: Transmission?
  /// Bytes that may be sent before others get their turn.
  var budget = 0
  /// Whether the client takes nothing at the moment.
  private(set) var isBlocked = false

  private var transmissions: UInt64 = 0
  private var readSource: (any DispatchSourceRead)?
  private var readSourceRuns = false
  private var writeSource: (any DispatchSourceWrite)?
  private var deadlineTimer: (any DispatchSourceTimer)?
  private var time: (timer: ServerConnectionStateMachine.Timer, exchange: UInt64, end: ContinuousClock.Instant)?
  private var madeProgress = false

  /// A connection that was accepted; `onClose` is called once, when it is over.
  init(
    socket: Socket, remoteAddress: String, name: String, loop: EventLoop, context: Context,
    onClose: @escaping @Sendable () -> Void
  ) {
    self.socket = socket
    self.remoteAddress = remoteAddress
    self.name = name
    self.loop = loop
    self.context = context
    self.onClose = onClose
    queue = DispatchQueue(label: name, target: loop.queue)
    machine = ServerConnectionStateMachine(limits: context.limits)
  }

  /// Begins to read, or to refuse.
  func start(refusing error: StatusError? = nil) {
    queue.async { [self] in
      guard let socket else { return }
      loop.add(self)
      socket.setNoDelay()
      let source = DispatchSource.makeReadSource(fileDescriptor: socket.number, queue: queue)
      source.setEventHandler { [self] in readable() }
      // The socket is held until the source has let go of its number.
      source.setCancelHandler { withExtendedLifetime(socket) {} }
      readSource = source
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
    budget = context.limits.sendBudget
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
      socket?.shutdown(.sending)
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
      id: "\(name)-\(exchange)", cancellation: cancellation)
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

  private func readable() {
    for _ in 0..<4 {
      guard let socket, machine.wantsInput else { return }
      do throws(SystemError) {
        guard let count = try socket.receive(into: &loop.scratch) else { return }
        if count == 0 {
          perform(machine.receivedEnd())
          return
        }
        perform(machine.received(loop.scratch[..<count], date: loop.date))
        if count < loop.scratch.count { return }
      } catch {
        perform(machine.abort())
        return
      }
    }
  }

  /// Brings the sources and the time into line with the state.
  private func settle() {
    guard socket != nil else { return }
    if machine.wantsInput != readSourceRuns {
      readSourceRuns.toggle()
      if readSourceRuns { readSource?.resume() } else { readSource?.suspend() }
    }
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
    if !readSourceRuns { readSource?.resume() }
    readSource?.cancel()
    readSource = nil
    if let writeSource {
      if !isBlocked { writeSource.resume() }
      writeSource.cancel()
    }
    writeSource = nil
    deadlineTimer?.cancel()
    deadlineTimer = nil
    time = nil
    withExtendedLifetime(socket) { self.socket = nil }
    loop.remove(self)
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
    transmission?.meter?.count(count)
  }

  /// Goes on when the client can take more.
  func waitUntilWritable() {
    guard !isBlocked, let socket else { return }
    if writeSource == nil {
      let source = DispatchSource.makeWriteSource(fileDescriptor: socket.number, queue: queue)
      source.setEventHandler { [self] in
        if isBlocked {
          isBlocked = false
          writeSource?.suspend()
          perform(pumpAgain())
        }
      }
      source.setCancelHandler { withExtendedLifetime(socket) {} }
      writeSource = source
    }
    isBlocked = true
    writeSource?.resume()
  }

  /// Goes on after the other connections of the loop had their turn.
  func yieldToOthers() {
    queue.async { [self] in perform(pumpAgain()) }
  }

  /// Sends on with a fresh budget.
  func pumpAgain() -> ServerConnectionStateMachine.Action {
    budget = context.limits.sendBudget
    return pump() ?? .wait
  }
}
