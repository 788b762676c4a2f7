import Glibc

/// How many descriptors this process may have (`RLIMIT_NOFILE`).
package enum DescriptorLimit {
  /// The limit that is in force.
  package static func current() -> Int {
    Int(clamping: limits().rlim_cur)
  }

  /// Raises the limit as far as this process may; no effect where it may not.
  package static func raise() {
    var limits = limits()
    limits.rlim_cur = limits.rlim_max
    // SAFETY: `limits` outlives the call, which reads it.
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
  }

  private static func limits() -> rlimit {
    var limits = rlimit(rlim_cur: 1024, rlim_max: 1024)
    // SAFETY: `limits` outlives the call, which fills it.
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    return limits
  }
}
