import Glibc

/// A moment of the wall clock, in UTC.
package struct Timestamp: Hashable, Sendable, CustomStringConvertible {
  /// Nanoseconds since 1970.
  package let nanoseconds: Int64

  /// A moment by its nanoseconds since 1970.
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The moment of the call.
  package static var now: Timestamp {
    var time = timespec()
    // SAFETY: `time` outlives the call, which fills it. CLOCK_REALTIME always exists.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// RFC 3339 with milliseconds: `2026-01-31T08:15:00.042Z`.
  package var description: String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    // SAFETY: both outlive the call, which fills `parts`; its text of the zone is not touched.
    var parts = unsafe tm()
    _ = unsafe gmtime_r(&seconds, &parts)
    let year = unsafe Int(parts.tm_year) + 1900
    let date = unsafe "\(pad(year, 4))-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))"
    let clock = unsafe "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(pad(Int(nanoseconds / 1_000_000 % 1000), 3))Z"
  }

  private func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
  }
}
