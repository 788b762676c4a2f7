import Glibc

/// The processors of this machine.
package enum ProcessorCount {
  /// How many are online; at least 1.
  package static func available() -> Int {
    max(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 1)
  }
}
