import CLinux
import Glibc

/// A connected or listening stream socket.
///
/// It is closed when the last reference to it goes: whoever watches its number (a Dispatch source, say) must hold a
/// reference until the watch has ended, so that the number cannot become another file's meanwhile.
package final class Socket: Sendable {
  private let descriptor: Descriptor

  /// Takes over a descriptor.
  package init(owning descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// A new socket of an address family, closed on exec.
  package convenience init(family: CInt, isBlocking: Bool) throws(SystemError) {
    let mode = isBlocking ? 0 : CInt(SOCK_NONBLOCK.rawValue)
    let number = try retryingInterrupts("socket") {
      socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | mode, 0)
    }
    self.init(owning: Descriptor(owning: number))
  }

  /// Two sockets connected to each other: for tests, and to wake a thread.
  package static func pair(isBlocking: Bool) throws(SystemError) -> (Socket, Socket) {
    let mode = isBlocking ? 0 : CInt(SOCK_NONBLOCK.rawValue)
    var numbers: [CInt] = [-1, -1]
    // SAFETY: socketpair(2) writes two numbers.
    try retryingInterrupts("socketpair") {
      unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | mode, 0, &numbers)
    }
    return (
      Socket(owning: Descriptor(owning: numbers[0])), Socket(owning: Descriptor(owning: numbers[1]))
    )
  }

  /// The descriptor's number, valid while this object lives.
  package var number: CInt { descriptor.number }

  /// Makes calls wait, or answer that they would.
  package func setBlocking(_ isBlocking: Bool) throws(SystemError) {
    let flags = try retryingInterrupts("fcntl") { fcntl(number, F_GETFL) }
    try retryingInterrupts("fcntl") { fcntl(number, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) }
  }

  /// Sends small pieces at once (`TCP_NODELAY`); no effect on other sockets.
  package func setNoDelay() {
    try? setOption(level: CInt(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  /// Makes the close discard what is unsent and reset the connection (`SO_LINGER` of 0 seconds).
  package func resetWhenClosed() {
    try? setOption(level: SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
  }

  /// Bounds how long a blocking call waits: afterwards it answers as a non-blocking one would. Zero is no bound.
  package func setTimeouts(receive: Duration? = nil, send: Duration? = nil) throws(SystemError) {
    if let receive { try setOption(level: SOL_SOCKET, SO_RCVTIMEO, timeval(receive)) }
    if let send { try setOption(level: SOL_SOCKET, SO_SNDTIMEO, timeval(send)) }
  }

  /// Sizes the kernel's buffer for bytes to be sent (`SO_SNDBUF`), or received (`SO_RCVBUF`).
  package func setBuffers(send: CInt? = nil, receive: CInt? = nil) throws(SystemError) {
    if let send { try setOption(level: SOL_SOCKET, SO_SNDBUF, send) }
    if let receive { try setOption(level: SOL_SOCKET, SO_RCVBUF, receive) }
  }

  /// The error that happened to the socket since it was last asked (`SO_ERROR`); 0 for none.
  package func takeError() throws(SystemError) -> CInt {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    // SAFETY: getsockopt(2) writes at most `length` bytes to `code`.
    try retryingInterrupts("getsockopt") { unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) }
    return code
  }

  /// The directions of a connection.
  package enum Direction: Sendable {
    case receiving
    case sending
    case both
  }

  /// Ends one direction or both. A connection that is already gone is no error.
  package func shutdown(_ direction: Direction) {
    let how: CInt =
      switch direction {
      case .receiving: CInt(SHUT_RD)
      case .sending: CInt(SHUT_WR)
      case .both: CInt(SHUT_RDWR)
      }
    _ = Glibc.shutdown(number, how)
  }

  /// The socket's own address.
  package func localAddress() throws(SystemError) -> SocketAddress {
    try unsafe address("getsockname") { unsafe getsockname(number, $0, $1) }
  }

  /// The address of the other end.
  package func peerAddress() throws(SystemError) -> SocketAddress {
    try unsafe address("getpeername") { unsafe getpeername(number, $0, $1) }
  }

  /// Waits until the socket is ready to be sent to or received from; false when the time has passed.
  package func wait(toSend: Bool, timeout: Duration) throws(SystemError) -> Bool {
    var entry = pollfd(fd: number, events: Int16(toSend ? POLLOUT : POLLIN), revents: 0)
    let milliseconds = CInt(
      clamping: timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000)
    // SAFETY: one entry, which outlives the call.
    return try retryingInterrupts("poll") { unsafe poll(&entry, 1, max(milliseconds, 0)) } > 0
  }

  private func address(
    _ call: String, _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // SAFETY: the call writes at most `length` bytes to `storage`, which may be read as any `sockaddr`.
    return try unsafe withUnsafeMutablePointer(to: &storage) { pointer throws(SystemError) in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address throws(SystemError) in
        try retryingInterrupts(call) { unsafe body(address, &length) }
        return unsafe SocketAddress(copying: address, length: length)
      }
    }
  }

  func setOption<Value: BitwiseCopyable>(level: CInt, _ name: CInt, _ value: Value) throws(SystemError) {
    var value = value
    // SAFETY: the kernel reads the value's own bytes.
    try retryingInterrupts("setsockopt") {
      unsafe setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Value>.size))
    }
  }
}

extension timeval {
  /// The duration, cut to microseconds; a positive one never becomes zero, which would mean no bound.
  fileprivate init(_ duration: Duration) {
    let microseconds = duration.components.attoseconds / 1_000_000_000_000
    let isShort = duration > .zero && duration.components.seconds == 0 && microseconds == 0
    self.init(
      tv_sec: time_t(max(duration.components.seconds, 0)), tv_usec: suseconds_t(isShort ? 1 : max(microseconds, 0)))
  }
}
