import Glibc
import Synchronization

/// Listening sockets that the service manager opened before it started this process (sd_listen_fds(3)). Each is taken once, by
/// whoever is to listen on its address.
package final class InheritedSockets: Sendable {
  /// Those of this process.
  package static let shared = InheritedSockets(
    InheritedSockets.numbers(ProcessEnvironment.variables, processID: getpid()))

  private let sockets: Mutex<[Socket]>

  /// Takes over descriptors.
  private init(_ numbers: [CInt]) {
    sockets = Mutex(
      numbers.map { number in
        // What a child process inherits is its own matter: nothing of ours.
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return Socket(owning: Descriptor(owning: number))
      })
  }

  /// The numbers of the descriptors that variables tell of: from 3 on, as many as `LISTEN_FDS` says, where `LISTEN_PID` is this process.
  package static func numbers(_ variables: [String: String], processID: CInt) -> [CInt] {
    guard variables["LISTEN_PID"] == String(processID), let count = variables["LISTEN_FDS"].flatMap({ CInt($0) }),
      (1...1024).contains(count)
    else { return [] }
    return (3..<3 + count).filter { fcntl($0, F_GETFD) >= 0 }
  }

  /// The socket that listens on an address, which does not block from here on; nil where there is none.
  func take(_ address: SocketAddress) -> Socket? {
    sockets.withLock { sockets in
      guard let index = sockets.firstIndex(where: { (try? $0.localAddress().description) == address.description })
      else { return nil }
      let socket = sockets.remove(at: index)
      return (try? socket.setBlocking(false)) == nil ? nil : socket
    }
  }

  /// Where those listen that nobody has taken.
  package var untaken: [SocketAddress] {
    sockets.withLock { $0.compactMap { try? $0.localAddress() } }
  }
}
