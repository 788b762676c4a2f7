import CLinux

/// The signal that a write to a connection without a reader raises.
package enum BrokenPipes {
  /// Makes such a write fail with `EPIPE` in place of ending the process. `sendfile(2)` has no flag that would do it alone.
  package static func ignore() {
    linux_ignore_broken_pipes()
  }
}
