import Glibc

/// A stream socket that this process connected: calls look blocking, and end at once on cancellation or after a time limit.
package struct OutgoingSocket: ~Copyable, Sendable {
  /// Why a call on the socket ended without what it was for.
  package enum Failure: Error, Hashable, Sendable {
    /// A system call failed.
    case system(SystemError)
    /// The host's name has no address, with the resolver's reason.
    case unresolved(host: String, reason: String)
    /// The time limit passed.
    case timedOut
    /// The signal was given.
    case cancelled
  }

  /// Where to connect to.
  package enum Address: Hashable, Sendable {
    /// A host's name or number, and a port.
    case tcp(host: String, port: UInt16)
    /// The path of a Unix-domain socket.
    case unix(path: String)
  }

  private let descriptor: Descriptor

  /// Connects, trying each address that a name has, in the resolver's order, within one time limit.
  package init(to address: Address, within limit: Duration, cancel: CancelSignal) throws(Failure) {
    switch address {
    case .unix(let path):
      descriptor = try OutgoingSocket.connect(try SocketName(unix: path), subject: path, within: limit, cancel)
    case .tcp(let host, let port):
      let subject = "\(host):\(port)"
      let clock = ContinuousClock()
      let end = clock.now.advanced(by: limit)
      var failure = Failure.unresolved(host: host, reason: "no address")
      for name in try SocketName.resolve(host: host, port: port) {
        do throws(Failure) {
          let remaining = clock.now.duration(to: end)
          descriptor = try OutgoingSocket.connect(name, subject: subject, within: remaining, cancel)
          return
        } catch {
          failure = error
          if error == .cancelled || error == .timedOut { break }
        }
      }
      throw failure
    }
  }

  private static func connect(
    _ name: SocketName, subject: String, within limit: Duration, _ cancel: CancelSignal
  ) throws(Failure) -> Descriptor {
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor: Descriptor
    do throws(SystemError) {
      descriptor = Descriptor(
        owning: try retryingInterrupts("socket", on: subject) { socket(name.family, kind, 0) })
    } catch {
      throw .system(error)
    }
    let number = descriptor.number
    if name.family != AF_UNIX {
      var on: CInt = 1
      // SAFETY: `on` outlives the call. A failure costs latency only.
      _ = unsafe setsockopt(number, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }
    if name.connect(number) == 0 { return descriptor }
    // EINTR leaves the connection under way, as EINPROGRESS does (connect(2)).
    guard [EINPROGRESS, EINTR].contains(errno) else { throw .system(SystemError("connect", on: subject)) }
    try wait(number, POLLOUT, limit, cancel)
    var code: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    // SAFETY: `code` and its size outlive the call.
    _ = unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &size)
    guard code == 0 else { throw .system(SystemError("connect", code: code, on: subject)) }
    return descriptor
  }

  private static func wait(
    _ number: CInt, _ events: CInt, _ limit: Duration, _ cancel: CancelSignal
  ) throws(Failure) {
    switch cancel.wait(until: number, is: events, for: limit) {
    case .ready: return
    case .timedOut: throw .timedOut
    case .cancelled: throw .cancelled
    }
  }

  // MARK: Sending and receiving

  /// Sends all of `bytes`; `limit` bounds each wait for the peer to take more.
  package func send(_ bytes: [UInt8], within limit: Duration, cancel: CancelSignal) throws(Failure) {
    var sent = 0
    while sent < bytes.count {
      let start = sent
      // SAFETY: the address and length lie within the array, which outlives the call.
      let count = try attempt("send", POLLOUT, limit, cancel) {
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe Glibc.send(
            descriptor.number, bytes.baseAddress?.advanced(by: start), bytes.count - start, CInt(MSG_NOSIGNAL))
        }
      }
      sent += count
    }
  }

  /// Receives what is there, at most `most` bytes, to the start of a buffer, and sets its count. Returns 0 at the end.
  package func receive(
    into buffer: ByteBuffer, most: Int, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> Int {
    let storage = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.storage.prefix(max(most, 0)))
    let count = unsafe try receive(into: storage, within: limit, cancel: cancel)
    buffer.count = count
    return count
  }

  /// Receives what is there, at most what fits `range` of `memory`. Returns 0 at the end.
  package func receive(
    into memory: MemoryRegion, range: Range<Int>, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> Int {
    unsafe try receive(into: memory.mutableBytes(in: range), within: limit, cancel: cancel)
  }

  private func receive(
    into destination: UnsafeMutableRawBufferPointer, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> Int {
    precondition(unsafe !destination.isEmpty, "receive into no memory would look like the end of the stream")
    // SAFETY: the address and length are the buffer's own, and its owner outlives the call.
    return try attempt("recv", POLLIN, limit, cancel) {
      unsafe recv(descriptor.number, destination.baseAddress, destination.count, 0)
    }
  }

  /// Runs a call until it is done, waiting while the descriptor is not ready.
  private func attempt(
    _ call: String, _ events: CInt, _ limit: Duration, _ cancel: CancelSignal, _ body: () -> Int
  ) throws(Failure) -> Int {
    while true {
      if cancel.isCancelled { throw .cancelled }
      do throws(SystemError) {
        if let count = try nonBlocking(call, body) { return count }
      } catch {
        throw .system(error)
      }
      try OutgoingSocket.wait(descriptor.number, events, limit, cancel)
    }
  }

  /// Whether an idle connection can be used again: open, and with no byte on it that nobody asked for.
  package var isQuiet: Bool {
    var byte: UInt8 = 0
    // SAFETY: `byte` outlives the call, which writes at most one.
    let count = unsafe recv(descriptor.number, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT))
    return count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)
  }
}
