import Glibc

/// The time of day.
package enum WallClock {
  /// Whole seconds since 1970 in UTC.
  package static func seconds() -> Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call, which fills it. CLOCK_REALTIME always exists.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
  }
}
