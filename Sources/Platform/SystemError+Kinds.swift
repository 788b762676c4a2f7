import Glibc

extension SystemError {
  /// Whether the process or the machine has no descriptor or memory left, so that the same call may succeed later.
  package var isShortage: Bool {
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: true
    default: false
    }
  }
}
