import Platform

/// A folder of a name that no other has, which goes with the last reference to it; those of processes that are gone are told by their lock.
final class LockedFolder: Sendable {
  /// Its absolute path, every link resolved.
  let path: String
  private let lock: OutputFile

  private static let lockName = ".lock"

  /// Makes a folder in another, which is made if it is not there, and removes those that processes left behind.
  init(in base: String) throws(SystemError) {
    try Folder.make(base, permissions: 0o700)
    LockedFolder.sweep(base)
    let base = try Roots.resolve(base)
    while true {
      let folder = Path.join(base, String(UInt64.random(in: 0...UInt64.max), radix: 36))
      try Folder.make(folder, permissions: 0o700)
      guard let lock = try OutputFile.openLocked(Path.join(folder, LockedFolder.lockName)) else { continue }
      path = folder
      self.lock = lock
      return
    }
  }

  deinit {
    try? Folder.removeTree(path)
  }

  private static func sweep(_ base: String) {
    for name in (try? Folder.names(in: base)) ?? [] {
      let folder = Path.join(base, name)
      guard let lock = try? OutputFile.openLocked(Path.join(folder, lockName)) else { continue }
      try? Folder.removeTree(folder)
      _ = lock
    }
  }
}
