import Glibc

/// Listing and naming of folders.
public enum Folder {
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
