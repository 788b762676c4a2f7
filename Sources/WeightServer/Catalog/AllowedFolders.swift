import Platform

/// The folders that checkpoints may lie in which no configuration names: the roots, the folders of the checkpoints that it does name, and
/// the watched folders.
struct AllowedFolders: Sendable {
  /// Them, with every link resolved.
  private(set) var roots = Roots()
  /// Them, as they are called in the configuration.
  private var given: [String] = []

  /// Adds a folder; one that does not exist is passed over.
  mutating func add(_ folder: String) {
    guard (try? roots.add(folder: folder)) != nil else { return }
    if folder.hasPrefix("/") { given.append(folder) }
  }

  /// Whether a path is within, as far as its text says: so that nothing is asked of the file system about what is not.
  func mayHold(_ path: String) -> Bool {
    guard path.hasPrefix("/"), path == "/" || Path.isInside(String(path.dropFirst())) else { return false }
    return (roots.folders + given).contains { folder in
      path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }
  }
}
