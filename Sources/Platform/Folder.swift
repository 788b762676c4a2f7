import Glibc

/// Listing and making of folders.
public enum Folder {
  /// Makes a folder, and those above it that are missing; one that is there is no error.
  /// - Parameter permissions: of what is made, which the process's umask narrows.
  public static func make(_ path: String, permissions: UInt32 = 0o777) throws(SystemError) {
    do throws(SystemError) {
      // SAFETY: Swift passes a terminated copy of the path for the call's length.
      try retryingInterrupts("mkdir", on: path) { unsafe mkdir(path, mode_t(permissions)) }
    } catch {
      switch error.code {
      case EEXIST:
        guard try FileStatus.of(path: path).kind == .folder else { throw error }
      case ENOENT where Path.folder(of: path) != path && Path.folder(of: path) != ".":
        try make(Path.folder(of: path), permissions: permissions)
        try make(path, permissions: permissions)
      default: throw error
      }
    }
  }

  /// The names in a folder, in byte order, without `.` and `..`; more than `limit` is `EOVERFLOW`.
  public static func names(in path: String, limit: Int = 1_000_000) throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(path) else { throw SystemError("opendir", on: path) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    // SAFETY: the entry is valid until the next readdir(3) of this stream, and is copied before it.
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      names.append(name)
      if names.count > limit { throw SystemError("readdir", code: EOVERFLOW, on: path) }
    }
    return names.sorted()
  }
}
