import CLinux
import Glibc

/// Descriptors of which it is told once each time that one becomes ready (epoll(7), edge-triggered), so that a socket which is read and
/// written many times costs no call to say so. The set has a descriptor of its own, which is readable while it has something to tell.
package final class PollSet: Sendable {
  /// What a descriptor has become.
  package struct Event: Sendable {
    /// What it was added as.
    package let token: UInt64
    /// There is something to receive, which may be the end.
    package let isReadable: Bool
    /// There is room to send.
    package let isWritable: Bool
    /// The other end has ended its direction, or the connection failed: no more event may come, so it must be read to its end.
    package let hasEnded: Bool
  }

  /// Events that are taken at a time, at most.
  package static let batch = 256

  private let descriptor: Descriptor

  /// A set of nothing.
  package init() throws(SystemError) {
    descriptor = Descriptor(owning: try retryingInterrupts("epoll_create1") { linux_poll_set() })
  }

  /// The number of the set's own descriptor, valid while this object lives.
  package var number: CInt { descriptor.number }

  /// Adds a socket, which must not be one already; what it is ready for now is told too.
  package func add(_ socket: Socket, token: UInt64) throws(SystemError) {
    try retryingInterrupts("epoll_ctl") { linux_poll_add(number, socket.number, token) }
  }

  /// Takes a socket out: nothing is told of it any more.
  package func remove(_ socket: Socket) {
    _ = linux_poll_remove(number, socket.number)
  }

  /// Calls `body` with each socket that has become ready since the last time, without waiting.
  /// - Returns: how many there were.
  package func takeEvents(_ body: (Event) -> Void) -> Int {
    // SAFETY: the call writes at most as many events as there is room for, and exactly those that it counted are read.
    unsafe withUnsafeTemporaryAllocation(of: linux_poll_event.self, capacity: PollSet.batch) { events in
      let count = Int(unsafe linux_poll_take(number, events.baseAddress, CInt(PollSet.batch)))
      for index in 0..<max(count, 0) {
        let event = unsafe events[index]
        body(
          Event(
            token: event.token, isReadable: event.readable != 0, isWritable: event.writable != 0,
            hasEnded: event.ended != 0))
      }
      return max(count, 0)
    }
  }
}
