import Glibc

/// How many descriptors the process may have open.
package enum OpenFileLimit {
  /// Raises the soft limit to the hard one. Returns the limit that is in force.
  @discardableResult
  package static func raise() -> UInt64 {
    var limit = rlimit()
    // SAFETY: `limit` outlives the calls, which read or fill it.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
      ? UInt64(limit.rlim_cur) : UInt64(before)
  }
}
