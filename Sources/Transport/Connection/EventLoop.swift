import Dispatch
import Platform

/// A serial queue that many connections share, with what they share on it: the sockets that are watched, the order in which those take
/// turns that have much to send, the read buffer, free buffers, the date, one timer.
///
/// Dispatch watches a single descriptor for all of them, that of an epoll set. A source per socket would cost each request two calls to
/// arm it, one to ask how much came and a wake-up; here those are shared by all sockets that have become ready together.
///
/// `@unchecked Sendable`: everything mutable is touched on `queue` only.
final class EventLoop: @unchecked Sendable {
  /// Turns after which others who wait for the queue get theirs.
  private static let turnLimit = 64

  /// The queue that everything of this loop's connections happens on.
  let queue: DispatchQueue
  /// Where bytes are received; they are taken out before the next read.
  var scratch = [UInt8](repeating: 0, count: 64 * 1024)
  /// Heads that were received lately.
  var heads = HeadMemo()
  /// Buffers for workers to fill.
  var buffers = BufferPool(limit: 16 << 20)
  /// Memory for what its TLS sessions send.
  let tlsBuffers = TLSBuffers()
  /// Why no socket can be watched; nil where they can.
  let failure: SystemError?

  private let pollSet: PollSet?
  private let pollSource: (any DispatchSourceRead)?
  private var connections = SlotTable<ServerConnection>()
  private var turns = TurnOrder()
  private var isTurning = false
  private var turnIsScheduled = false
  private let ticker: any DispatchSourceTimer
  private var tickerRuns = false
  private var dateSecond: Int64 = -1
  private var dateText = ""

  /// A loop that looks at the times of its connections every `tick`.
  init(label: String, tick: Duration) {
    queue = DispatchQueue(label: label)
    do throws(SystemError) {
      let set = try PollSet()
      let source = DispatchSource.makeReadSource(fileDescriptor: set.number, queue: queue)
      // The set is held until the source has let go of its number.
      source.setCancelHandler { withExtendedLifetime(set) {} }
      (pollSet, pollSource, failure) = (set, source, nil)
    } catch {
      (pollSet, pollSource, failure) = (nil, nil, error)
    }
    ticker = DispatchSource.makeTimerSource(queue: queue)
    let interval = DispatchTimeInterval(tick)
    ticker.schedule(deadline: .now() + interval, repeating: interval, leeway: interval)
    ticker.setEventHandler { [weak self] in self?.lookAtTimes() }
    pollSource?.setEventHandler { [weak self] in self?.takeTurns() }
    pollSource?.resume()
  }

  deinit {
    // Dispatch does not allow a suspended source to go.
    if !tickerRuns { ticker.resume() }
    ticker.cancel()
    pollSource?.cancel()
  }

  /// The time as a `Date` field has it.
  var date: String {
    let second = WallClock.seconds()
    if second != dateSecond { (dateSecond, dateText) = (second, HTTPDate.format(second)) }
    return dateText
  }

  // MARK: Connections

  /// Keeps a connection, watches its socket and looks at its times.
  /// - Returns: its token; nil where the socket cannot be watched.
  func add(_ connection: ServerConnection, _ socket: Socket) -> UInt64? {
    dispatchPrecondition(condition: .onQueue(queue))
    let token = connections.insert(connection)
    do throws(SystemError) {
      try pollSet?.add(socket, token: token)
    } catch {
      connections.remove(token)
      return nil
    }
    if !tickerRuns {
      tickerRuns = true
      ticker.resume()
    }
    return token
  }

  /// Forgets a connection.
  func remove(_ token: UInt64, _ socket: Socket) {
    dispatchPrecondition(condition: .onQueue(queue))
    pollSet?.remove(socket)
    connections.remove(token)
    guard connections.isEmpty else { return }
    // No connection: the loop neither wakes up nor keeps memory.
    buffers.removeAll()
    tlsBuffers.removeAll()
    if tickerRuns {
      tickerRuns = false
      ticker.suspend()
    }
  }

  /// Does something to every connection.
  func forEachConnection(_ body: @escaping @Sendable (ServerConnection) -> Void) {
    queue.async { [self] in
      for connection in connections.all { body(connection) }
    }
  }

  // MARK: Turns

  /// Gives a connection a turn to send, behind those that wait already and behind everything that is short.
  /// - Parameter isOnItsOwn: whether this is the last thing that is done in a block of the queue, so that turns can be taken at once.
  func giveTurn(_ token: UInt64, isOnItsOwn: Bool = false) {
    turns.append(token)
    if isOnItsOwn, !isTurning { takeTurns() } else { scheduleTurns() }
  }

  private func scheduleTurns() {
    guard !isTurning, !turnIsScheduled else { return }
    turnIsScheduled = true
    queue.async { [self] in
      turnIsScheduled = false
      takeTurns()
    }
  }

  /// Answers all that has come, lets one connection send a budget's worth, and so on: so what is short waits for one such turn at most.
  private func takeTurns() {
    isTurning = true
    for _ in 0..<EventLoop.turnLimit {
      let count = pollSet?.takeEvents { connections[$0.token]?.ready($0) } ?? 0
      if let token = turns.next() {
        connections[token]?.takeTurn()
      } else if count == 0 {
        break
      }
    }
    isTurning = false
    // What has become ready since makes Dispatch call again.
    if !turns.isEmpty { scheduleTurns() }
  }

  private func lookAtTimes() {
    let now = ContinuousClock.now
    for connection in connections.all { connection.lookAtTime(now) }
  }
}

extension DispatchTimeInterval {
  /// The duration, cut to what Dispatch can say.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let nanoseconds = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    self = .nanoseconds(overflow || nanoseconds.overflow ? Int.max : Int(nanoseconds.partialValue))
  }
}
