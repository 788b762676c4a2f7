import Glibc

/// The time of day.
package enum WallClock {
  /// Nanoseconds since 1970 in UTC.
  package static func nanoseconds() -> Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call, which fills it. CLOCK_REALTIME always exists.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Whole seconds since 1970 in UTC.
  package static func seconds() -> Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call, which fills it. CLOCK_REALTIME always exists.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
  }
}
