import CLinux
import Glibc

extension Socket {
  /// Why no connection came about.
  package enum ConnectError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The host's name has no address.
    case resolution(SocketAddress.ResolutionError)
    /// The last address that was tried refused, or did not answer in time (`ETIMEDOUT`).
    case system(SystemError)

    package var description: String {
      switch self {
      case .resolution(let error): error.description
      case .system(let error): error.description
      }
    }
  }

  /// Connects to a host by name or number, trying its addresses in turn within `timeout`. The socket blocks.
  package static func connect(
    host: String, port: UInt16, timeout: Duration
  ) throws(ConnectError) -> Socket {
    let deadline = ContinuousClock.now + timeout
    let addresses: [SocketAddress]
    do throws(SocketAddress.ResolutionError) {
      addresses = try SocketAddress.resolve(host: host, port: port)
    } catch {
      throw .resolution(error)
    }
    var failure = SystemError("connect", code: ETIMEDOUT, on: "\(host):\(port)")
    for address in addresses {
      let remaining = deadline - ContinuousClock.now
      if remaining <= .zero { break }
      do throws(SystemError) {
        return try connect(to: address, timeout: remaining)
      } catch {
        failure = error
      }
    }
    throw .system(failure)
  }

  /// Connects to an address within `timeout`. The socket blocks.
  package static func connect(to address: SocketAddress, timeout: Duration) throws(SystemError) -> Socket {
    // A Unix socket connects at once unless the listener's queue is full, and only a blocking call waits for room in it.
    let isUnix = address.family == AF_UNIX
    let socket = try Socket(family: address.family, isBlocking: isUnix)
    if isUnix { try socket.setTimeouts(send: timeout) }
    let name = address.description
    let isDone = try socket.startConnect(to: address, name: name)
    if !isDone {
      guard !isUnix, try socket.wait(toSend: true, timeout: timeout) else {
        throw SystemError("connect", code: ETIMEDOUT, on: name)
      }
      let code = try socket.takeError()
      if code != 0 { throw SystemError("connect", code: code, on: name) }
    }
    if isUnix {
      try socket.setTimeouts(send: .zero)
    } else {
      try socket.setBlocking(true)
      socket.setNoDelay()
    }
    return socket
  }

  /// Starts to connect; false where the connection is under way. An interrupted call goes on in the kernel too.
  private func startConnect(to address: SocketAddress, name: String) throws(SystemError) -> Bool {
    // SAFETY: the address is lent for the call.
    let result = unsafe address.withAddress { unsafe Glibc.connect(number, $0, $1) }
    if result == 0 { return true }
    let code = errno
    if code == EINPROGRESS || code == EAGAIN || (code == EINTR && address.family != AF_UNIX) { return false }
    throw SystemError("connect", code: code, on: name)
  }
}
