import CLinux
import Glibc

/// A socket that accepts connections, and the duty to take its file away if it has one.
package final class ListeningSocket: Sendable {
  /// The socket, which does not block.
  package let socket: Socket
  /// Where it listens, with the port as bound.
  package let address: SocketAddress
  /// Whether it is the service manager's, who goes on listening when this process has ended.
  package let isInherited: Bool
  /// The file of a Unix socket as it was when it was made.
  private let file: FileStatus?

  /// Listens on the first of the host's addresses that can be bound; port 0 is any free one. An empty host or `*` is every
  /// address of this machine.
  package static func tcp(host: String, port: UInt16, backlog: CInt = 4096) throws(Socket.ConnectError)
    -> ListeningSocket
  {
    let host = host == "*" ? "" : host
    var addresses: [SocketAddress]
    do throws(SocketAddress.ResolutionError) {
      addresses = try SocketAddress.resolve(host: host, port: port, toListen: true)
    } catch {
      throw .resolution(error)
    }
    // Any address of IPv6 takes IPv4's connections too, so it goes first.
    if host.isEmpty { addresses.sort { $0.family == AF_INET6 && $1.family != AF_INET6 } }
    var failure = SystemError("bind", code: EADDRNOTAVAIL, on: "\(host):\(port)")
    for address in addresses {
      do throws(SystemError) {
        if let socket = InheritedSockets.shared.take(address) { return try ListeningSocket(inheriting: socket) }
        return try ListeningSocket(binding: address, backlog: backlog)
      } catch {
        failure = error
      }
    }
    throw .system(failure)
  }

  /// Listens on a path. A socket file that a dead process left there is replaced; one that somebody answers on is `EADDRINUSE`.
  package static func unix(path: String, backlog: CInt = 4096) throws(SystemError) -> ListeningSocket {
    let address = try SocketAddress(unixPath: path)
    if let socket = InheritedSockets.shared.take(address) { return try ListeningSocket(inheriting: socket) }
    if isAbandoned(address) { _ = unsafe unlink(path) }
    return try ListeningSocket(binding: address, backlog: backlog)
  }

  private init(binding address: SocketAddress, backlog: CInt) throws(SystemError) {
    let name = address.description
    socket = try Socket(family: address.family, isBlocking: false)
    if address.family != AF_UNIX { try socket.setOption(level: SOL_SOCKET, SO_REUSEADDR, CInt(1)) }
    let number = socket.number
    // SAFETY: the address is lent for the call.
    try retryingInterrupts("bind", on: name) { unsafe address.withAddress { unsafe bind(number, $0, $1) } }
    file = try address.unixPath.map { path throws(SystemError) in try FileStatus.of(path: path) }
    try retryingInterrupts("listen", on: name) { listen(number, backlog) }
    isInherited = false
    self.address = try socket.localAddress()
  }

  /// Takes over a socket that the service manager listens with: its file, if it has one, is the manager's.
  private init(inheriting socket: Socket) throws(SystemError) {
    self.socket = socket
    file = nil
    isInherited = true
    address = try socket.localAddress()
  }

  /// The next connection, which does not block, and its other end; nil where none waits.
  /// - Throws: `EMFILE` and the like where this process or machine has no room for it, and errors of the connection itself.
  package func accept() throws(SystemError) -> (Socket, SocketAddress)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let listener = socket.number
    // SAFETY: accept4(2) writes at most `length` bytes to `storage`, which may be read as any `sockaddr`.
    return try unsafe withUnsafeMutablePointer(to: &storage) { pointer throws(SystemError) in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address throws(SystemError) in
        guard let number = try nonBlocking("accept", { unsafe linux_accept(listener, address, &length) }) else {
          return nil
        }
        let socket = Socket(owning: Descriptor(owning: number))
        return unsafe (socket, SocketAddress(copying: address, length: length))
      }
    }
  }

  /// Takes the file of a Unix socket away, unless another has taken its place.
  package func removeFile() {
    guard let path = address.unixPath, let file, let now = try? FileStatus.of(path: path) else { return }
    if now.device == file.device, now.inode == file.inode { _ = unsafe unlink(path) }
  }

  /// Whether a socket file is there that nobody listens on.
  private static func isAbandoned(_ address: SocketAddress) -> Bool {
    do throws(SystemError) {
      _ = try Socket.connect(to: address, timeout: .seconds(1))
      return false
    } catch {
      // Other than this refusal, which a file that is no socket gives too, there is nothing to take away.
      guard error.code == ECONNREFUSED, let path = address.unixPath else { return false }
      var status = stat()
      // SAFETY: `status` outlives the call, which fills it.
      return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
  }
}
