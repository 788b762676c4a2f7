import CLinux
import Glibc

extension Socket {
  /// Bytes that were handed to the kernel and that the other end has not taken; 0 where the system does not tell (`SIOCOUTQ`).
  package var untaken: Int { max(Int(linux_untaken(number)), 0) }

  /// The effective user of the process that connected, as it was then; nil where this is no Unix socket (`SO_PEERCRED`).
  package func peerUser() -> UInt32? {
    var domain: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    // SAFETY: getsockopt(2) writes at most `length` bytes to `domain`. Other families answer SO_PEERCRED with no one's numbers.
    guard unsafe getsockopt(number, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0, domain == AF_UNIX else { return nil }
    var user: UInt32 = 0
    // SAFETY: `user` outlives the call, which writes it.
    return unsafe linux_peer_user(number, &user) == 0 ? user : nil
  }
}
