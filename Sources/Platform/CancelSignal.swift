import CLinux
import Glibc
import Synchronization

/// A request to stop that a thread in a blocking wait notices at once.
///
/// The flag serves loops that never block; the event's descriptor is polled beside the socket by those that do.
package final class CancelSignal: Sendable {
  private let flag = Atomic<Bool>(false)
  private let event: Descriptor
  private let children = Mutex<[CancelSignal]>([])

  /// A signal that was not given yet.
  package init() throws(SystemError) {
    event = Descriptor(owning: try retryingInterrupts("eventfd") { linux_event() })
  }

  /// A signal that is also given when this one is. This one keeps it, so it is for a part of this one's work.
  package func child() throws(SystemError) -> CancelSignal {
    let child = try CancelSignal()
    children.withLock { $0.append(child) }
    if isCancelled { child.cancel() }
    return child
  }

  /// Whether it was given.
  package var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Gives the signal. Safe from any thread, any number of times.
  package func cancel() {
    guard !flag.exchange(true, ordering: .relaxed) else { return }
    var one: UInt64 = 1
    // SAFETY: `one` outlives the call, which reads its eight bytes.
    _ = unsafe write(event.number, &one, 8)
    for child in children.withLock({ $0 }) { child.cancel() }
  }

  /// Sleeps for a while, or until the signal is given. Returns whether it was.
  package func wait(for duration: Duration) -> Bool {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: duration)
    while !isCancelled {
      let remaining = clock.now.duration(to: end)
      if remaining <= .zero { return false }
      var entries = [pollfd(fd: event.number, events: Int16(POLLIN), revents: 0)]
      // SAFETY: one entry is passed, and the array outlives the call.
      _ = unsafe poll(&entries, 1, remaining.pollMilliseconds)
    }
    return true
  }

  /// Waits until a descriptor is ready, the signal is given or the time is over.
  func wait(until descriptor: CInt, is events: CInt, for limit: Duration) -> Readiness {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: limit)
    while true {
      if isCancelled { return .cancelled }
      let remaining = max(clock.now.duration(to: end), .zero)
      var entries = [
        pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0),
        pollfd(fd: event.number, events: Int16(POLLIN), revents: 0),
      ]
      // SAFETY: two entries are passed, and the array outlives the call.
      let count = unsafe poll(&entries, 2, remaining.pollMilliseconds)
      if isCancelled { return .cancelled }
      if count > 0, entries[0].revents != 0 { return .ready }
      if count == 0, remaining <= .zero { return .timedOut }
    }
  }

  /// How a wait ended.
  enum Readiness {
    case ready
    case timedOut
    case cancelled
  }
}

extension Duration {
  /// Whole milliseconds for poll(2), rounded up, so that a wait never turns into a spin.
  fileprivate var pollMilliseconds: CInt {
    let (seconds, attoseconds) = components
    let limit: Int64 = 86_400
    if seconds >= limit { return CInt(limit * 1000) }
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return CInt(max(milliseconds, 0))
  }
}
