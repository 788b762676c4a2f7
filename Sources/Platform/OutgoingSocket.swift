import Glibc

/// A socket that this process connected: its calls look blocking, and end at once on cancellation or after a time limit.
package struct OutgoingSocket: Sendable {
  /// Why a call on the socket ended without what it was for.
  package enum Failure: Error, Hashable, Sendable {
    /// A system call failed.
    case system(SystemError)
    /// The TLS session failed.
    case tls(TLSError)
    /// The host's name has no address.
    case unresolved(SocketAddress.ResolutionError)
    /// The time limit passed.
    case timedOut
    /// The signal was given.
    case cancelled

    init(_ error: StreamError) {
      switch error {
      case .system(let error): self = .system(error)
      case .tls(let error): self = .tls(error)
      }
    }
  }

  private let stream: ByteStream

  /// Connects to a host by name or number, trying each of its addresses in turn within one time limit.
  /// - Parameter tls: what a TLS session over the socket goes by; nil for none. The host must show a certificate for its name.
  package init(
    host: String, port: UInt16, tls: TLSContext? = nil, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) {
    let end = ContinuousClock.now.advanced(by: limit)
    let addresses: [SocketAddress]
    do throws(SocketAddress.ResolutionError) {
      addresses = try SocketAddress.resolve(host: host, port: port)
    } catch {
      throw .unresolved(error)
    }
    var failure = Failure.timedOut
    for address in addresses {
      do throws(Failure) {
        let remaining = ContinuousClock.now.duration(to: end)
        let socket = try OutgoingSocket.connect(to: address, within: remaining, cancel)
        if let tls {
          stream = try OutgoingSocket.secure(socket, tls, host: host, port: port, until: end, cancel)
        } else {
          stream = .plain(socket)
        }
        return
      } catch {
        failure = error
        if error == .cancelled || error == .timedOut { break }
      }
    }
    throw failure
  }

  /// Connects to a Unix-domain socket.
  package init(unixPath path: String, within limit: Duration, cancel: CancelSignal) throws(Failure) {
    let address: SocketAddress
    do throws(SystemError) {
      address = try SocketAddress(unixPath: path)
    } catch {
      throw .system(error)
    }
    stream = .plain(try OutgoingSocket.connect(to: address, within: limit, cancel))
  }

  private static func connect(
    to address: SocketAddress, within limit: Duration, _ cancel: CancelSignal
  ) throws(Failure) -> Socket {
    let result: Result<Socket, Failure>
    do throws(SystemError) {
      let socket = try Socket(family: address.family, isBlocking: false)
      if address.family != AF_UNIX { socket.setNoDelay() }
      result = try OutgoingSocket.finish(socket, to: address, within: limit, cancel)
    } catch {
      throw .system(error)
    }
    return try result.get()
  }

  private static func finish(
    _ socket: Socket, to address: SocketAddress, within limit: Duration, _ cancel: CancelSignal
  ) throws(SystemError) -> Result<Socket, Failure> {
    let end = ContinuousClock.now.advanced(by: limit)
    // SAFETY: the address is lent for the call.
    while unsafe address.withAddress({ unsafe Glibc.connect(socket.number, $0, $1) }) != 0 {
      let code = errno
      let remaining = ContinuousClock.now.duration(to: end)
      if address.family == AF_UNIX, code == EAGAIN || code == EINTR {
        // The listener's queue is full, and poll(2) does not tell when it has room.
        if remaining <= .zero { return .failure(.timedOut) }
        if cancel.wait(for: min(.milliseconds(10), remaining)) { return .failure(.cancelled) }
        continue
      }
      // An interrupted connection goes on in the kernel (connect(2)).
      guard code == EINPROGRESS || code == EINTR else {
        throw SystemError("connect", code: code, on: address.description)
      }
      switch cancel.wait(until: socket.number, is: POLLOUT, for: remaining) {
      case .timedOut: return .failure(.timedOut)
      case .cancelled: return .failure(.cancelled)
      case .ready: break
      }
      let outcome = try socket.takeError()
      if outcome != 0 { throw SystemError("connect", code: outcome, on: address.description) }
      break
    }
    return .success(socket)
  }

  // MARK: Sending and receiving

  /// Sends all of `bytes`; `limit` bounds each wait for the peer to take more.
  package func send(_ bytes: [UInt8], within limit: Duration, cancel: CancelSignal) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(
        try attempt(POLLOUT, limit, cancel) { () throws(StreamError) in try stream.send(rest) })
    }
    _ = try attempt(POLLOUT, limit, cancel) { () throws(StreamError) in try stream.flush() ? 0 : nil }
  }

  /// Receives what is there, at most `most` bytes, to the start of a buffer, and sets its count. Returns 0 at the end.
  package func receive(
    into buffer: ByteBuffer, most: Int, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> Int {
    buffer.count = 0
    return try attempt(POLLIN, limit, cancel) { () throws(StreamError) in
      try stream.receive(into: buffer, atMost: most)
    }
  }

  /// Receives what is there to the start of a buffer, sets its count, and takes over the descriptor that came with it. Returns 0
  /// bytes at the end.
  package func receiveWithDescriptor(
    into buffer: ByteBuffer, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> (count: Int, passed: CInt?) {
    buffer.count = 0
    var passed: CInt?
    let count = try attempt(POLLIN, limit, cancel) { () throws(StreamError) in
      guard let received = try stream.receiveWithDescriptor(into: buffer) else { return nil }
      passed = received.passed
      return received.count
    }
    return (count, passed)
  }

  /// Receives what is there, at most what fits `range` of `memory`. Returns 0 at the end.
  package func receive(
    into memory: MemoryRegion, range: Range<Int>, within limit: Duration, cancel: CancelSignal
  ) throws(Failure) -> Int {
    // SAFETY: the region outlives the call.
    try attempt(POLLIN, limit, cancel) { () throws(StreamError) in
      unsafe try stream.receive(into: memory.mutableBytes(in: range))
    }
  }

  /// Runs a call until it is done, waiting while the socket is not ready.
  private func attempt(
    _ events: CInt, _ limit: Duration, _ cancel: CancelSignal, _ body: () throws(StreamError) -> Int?
  ) throws(Failure) -> Int {
    while true {
      if cancel.isCancelled { throw .cancelled }
      do throws(StreamError) {
        if let count = try body() { return count }
      } catch {
        throw Failure(error)
      }
      switch cancel.wait(until: stream.number, is: events, for: limit) {
      case .ready: continue
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      }
    }
  }

  /// Whether an idle connection can be used again: open, and with no byte on it that nobody asked for.
  package var isQuiet: Bool {
    if stream.hasPending { return false }
    var byte: UInt8 = 0
    // SAFETY: `byte` outlives the call, which writes at most one.
    let count = unsafe recv(stream.number, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT))
    return count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)
  }
}
