import Glibc

/// What a file system says of itself and its files.
package enum FileSystem {
  /// Bytes that a process without privileges may still write on the file system of a path (`statvfs(2)`).
  package static func freeBytes(at path: String) throws(SystemError) -> Int {
    var status = statvfs()
    // SAFETY: `status` outlives the call, which fills it; Swift passes a terminated copy of the path.
    try retryingInterrupts("statvfs", on: path) { unsafe statvfs(path, &status) }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
  }

  /// When a file was last used, in nanoseconds since 1970, as `noteUse` left it.
  package static func lastUse(of path: String) throws(SystemError) -> Int64 {
    var status = stat()
    // SAFETY: as above.
    try retryingInterrupts("stat", on: path) { unsafe stat(path, &status) }
    return Int64(status.st_atim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_atim.tv_nsec)
  }
}
