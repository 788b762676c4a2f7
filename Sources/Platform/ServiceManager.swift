import CLinux
import Glibc

/// The service manager that started this process, where it wants to be told how it is: systemd's protocol (sd_notify(3)), one datagram
/// a message.
package struct ServiceManager: Sendable {
  private let address: SocketAddress
  /// How long this process may be silent before it is taken for dead; nil where nobody minds.
  package let watchdog: Duration?

  /// The manager that variables name; nil where there is none, or its address is of a kind that is not known.
  /// - Parameters:
  ///   - variables: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are looked at.
  package init?(_ variables: [String: String], processID: CInt = getpid()) {
    guard let path = variables["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
      let address = try? SocketAddress(notifying: path)
    else { return nil }
    self.address = address
    let isForUs = variables["WATCHDOG_PID"].map { $0 == String(processID) } ?? true
    let microseconds = variables["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    watchdog = isForUs && microseconds > 0 ? .microseconds(microseconds) : nil
  }

  /// What the manager may be told.
  package enum Message: Hashable, Sendable {
    /// It has started, or has read its configuration again.
    case ready
    /// It reads its configuration again.
    case reloading
    /// It ends.
    case stopping
    /// It is alive.
    case alive
    /// How it is, in words.
    case status(String)

    /// The assignments of the protocol, a line each.
    var text: String {
      switch self {
      case .ready: "READY=1"
      case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Message.monotonicMicroseconds)"
      case .stopping: "STOPPING=1"
      case .alive: "WATCHDOG=1"
      case .status(let words): "STATUS=" + String(words.map { $0.isNewline ? " " : $0 })
      }
    }

    private static var monotonicMicroseconds: Int64 {
      var time = timespec()
      // SAFETY: `time` outlives the call, which fills it. CLOCK_MONOTONIC always exists.
      _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
      return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec / 1000)
    }
  }

  /// Tells the manager. One that does not listen is no reason not to work.
  package func tell(_ messages: Message...) {
    let number = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { return }
    let descriptor = Descriptor(owning: number)
    let bytes = Array(messages.map(\.text).joined(separator: "\n").utf8)
    // SAFETY: the address and the bytes are lent for the call.
    _ = try? retryingInterrupts("sendto") {
      unsafe address.withAddress { target, length in
        unsafe bytes.withUnsafeBytes {
          unsafe sendto(descriptor.number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL), target, length)
        }
      }
    }
  }
}
