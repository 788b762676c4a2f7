import Dispatch
import Platform

/// A serial queue that many connections share, with what they share on it: the read buffer, free buffers, the date, one timer.
///
/// `@unchecked Sendable`: everything mutable is touched on `queue`, or on a queue that targets it, only.
final class EventLoop: @unchecked Sendable {
  /// The queue that the queues of this loop's connections target.
  let queue: DispatchQueue
  /// Where bytes are received; they are taken out before the next read.
  var scratch = [UInt8](repeating: 0, count: 64 * 1024)
  /// Buffers for workers to fill.
  var buffers = BufferPool(limit: 16 << 20)

  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  private let ticker: any DispatchSourceTimer
  private var tickerRuns = false
  private var dateSecond: Int64 = -1
  private var dateText = ""

  /// A loop that looks at the times of its connections every `tick`.
  init(label: String, tick: Duration) {
    queue = DispatchQueue(label: label)
    ticker = DispatchSource.makeTimerSource(queue: queue)
    let interval = DispatchTimeInterval(tick)
    ticker.schedule(deadline: .now() + interval, repeating: interval, leeway: interval)
    ticker.setEventHandler { [weak self] in self?.lookAtTimes() }
  }

  deinit {
    // Dispatch does not allow a suspended source to go.
    if !tickerRuns { ticker.resume() }
    ticker.cancel()
  }

  /// The time as a `Date` field has it.
  var date: String {
    let second = WallClock.seconds()
    if second != dateSecond { (dateSecond, dateText) = (second, HTTPDate.format(second)) }
    return dateText
  }

  /// Keeps a connection and looks at its times.
  func add(_ connection: ServerConnection) {
    dispatchPrecondition(condition: .onQueue(queue))
    connections[ObjectIdentifier(connection)] = connection
    if !tickerRuns {
      tickerRuns = true
      ticker.resume()
    }
  }

  /// Forgets a connection.
  func remove(_ connection: ServerConnection) {
    dispatchPrecondition(condition: .onQueue(queue))
    connections[ObjectIdentifier(connection)] = nil
    guard connections.isEmpty else { return }
    // No connection: the loop neither wakes up nor keeps memory.
    buffers.removeAll()
    if tickerRuns {
      tickerRuns = false
      ticker.suspend()
    }
  }

  /// Does something to every connection.
  func forEachConnection(_ body: @escaping @Sendable (ServerConnection) -> Void) {
    queue.async { [self] in
      for connection in Array(connections.values) { body(connection) }
    }
  }

  private func lookAtTimes() {
    let now = ContinuousClock.now
    for connection in Array(connections.values) { connection.lookAtTime(now) }
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
