import Glibc

extension Folder {
  /// Folders within folders that are removed at most.
  private static let depthLimit = 64

  /// Removes a folder and all beneath it; links are removed, not followed. What is not there is no error.
  package static func removeTree(_ path: String, depth: Int = depthLimit) throws(SystemError) {
    guard depth > 0 else { throw SystemError("rmdir", code: ELOOP, on: path) }
    let names: [String]
    do throws(SystemError) {
      names = try Folder.names(in: path)
    } catch {
      if error.isMissingFile { return }
      throw error
    }
    for name in names {
      let inner = Path.join(path, name)
      do throws(SystemError) {
        try OutputFile.remove(inner)
      } catch {
        guard error.code == EISDIR || error.code == EPERM else { throw error }
        try removeTree(inner, depth: depth - 1)
      }
    }
    // SAFETY: Swift passes a terminated copy of the path for the call's length.
    try retryingInterrupts("rmdir", on: path) { unsafe rmdir(path) }
  }
}
