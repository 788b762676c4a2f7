import Glibc

extension SourceFile {
  /// Opens a regular file that the user of this process names: links are followed wherever they lead.
  /// - Throws: the error of the call that failed; `EISDIR` or `EINVAL` for what is no regular file.
  package static func opening(_ path: String) throws(SystemError) -> SourceFile {
    let resolved = try Roots.resolve(path)
    var roots = Roots()
    try roots.add(folder: Path.folder(of: resolved))
    do throws(Roots.Refusal) {
      return try roots.open(resolved)
    } catch {
      throw error.systemError(path)
    }
  }
}

extension Roots.Refusal {
  fileprivate func systemError(_ path: String) -> SystemError {
    switch self {
    case .system(let error): SystemError(error.call, code: error.code, on: path)
    case .outside: SystemError("open", code: EXDEV, on: path)
    case .notRegular, .unusable: SystemError("open", code: EINVAL, on: path)
    }
  }
}
