import Glibc

/// The user that this process acts as.
package enum ProcessUser {
  /// Its number.
  package static func effective() -> UInt32 { geteuid() }
}
