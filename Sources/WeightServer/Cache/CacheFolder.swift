import Platform

/// The folder that entries lie in, shared with other daemons.
///
/// An entry is written under a temporary name while its writer holds the file's lock, and renamed when it is whole. Who sends it holds a
/// shared lock, who removes it an exclusive one: so neither harms the other, in whichever process they are.
struct CacheFolder: Sendable {
  /// Its path.
  let path: String

  private static let suffix = ".partition"
  private static let temporarySuffix = ".writing"
  /// Files that a folder may hold.
  private static let fileLimit = 1_000_000

  /// An entry that was found.
  struct Found {
    let id: String
    let bytes: Int
    let lastUse: Int64
  }

  /// The path of an entry.
  func path(of id: String) -> String { Path.join(path, id + CacheFolder.suffix) }

  /// Makes the folder, if it is not there, for its owner alone: who may not read the checkpoint must not read it here.
  func make() throws(SystemError) { try Folder.make(path, permissions: 0o700) }

  /// Bytes that are free on its disk.
  func freeBytes() throws(SystemError) -> Int { try FileSystem.freeBytes(at: path) }

  /// Removes what writers that are gone have left.
  /// - Returns: how many files were removed.
  func sweep() throws(SystemError) -> Int {
    var removed = 0
    for name in try Folder.names(in: path, limit: CacheFolder.fileLimit)
    where CacheFolder.id(of: name, CacheFolder.temporarySuffix) != nil {
      guard let file = try OutputFile.openLocked(Path.join(path, name)) else { continue }
      try file.remove()
      removed += 1
    }
    return removed
  }

  /// The entries.
  func list() throws(SystemError) -> [Found] {
    var found: [Found] = []
    for name in try Folder.names(in: path, limit: CacheFolder.fileLimit) {
      guard let id = CacheFolder.id(of: name, CacheFolder.suffix) else { continue }
      let file = Path.join(path, name)
      // What another daemon removed meanwhile is not there.
      guard let status = try? FileStatus.of(path: file), let lastUse = try? FileSystem.lastUse(of: file) else {
        continue
      }
      found.append(Found(id: id, bytes: Int(clamping: status.size), lastUse: lastUse))
    }
    return found
  }

  /// Whether an entry is there.
  func contains(_ id: String) -> Bool { (try? FileStatus.of(path: path(of: id)))?.kind == .regular }

  /// Opens an entry and keeps others from removing it while it is open; nil where it is gone, or being removed.
  /// - Parameter isUse: whether the entry counts as used by it.
  func open(_ id: String, isUse: Bool = true) -> SourceFile? {
    guard let roots = try? Roots().adding(folder: path), let file = try? roots.open(path(of: id)),
      (try? file.lockShared()) == true
    else { return nil }
    if isUse { file.noteUse() }
    return file
  }

  /// Reads an entry's trailer; nil where it is no whole entry.
  static func trailer(of file: SourceFile) -> EntryTrailer? {
    guard let size = Int(exactly: file.size) else { return nil }
    let count = min(size, EntryTrailer.limit)
    guard let tail = try? file.bytes(at: UInt64(size - count), count: count) else { return nil }
    return EntryTrailer(tail: tail, fileLength: size)
  }

  /// Opens the file that an entry is written to, empty and locked; nil where another daemon is writing it.
  func openWriting(_ id: String) throws(SystemError) -> OutputFile? {
    guard let file = try OutputFile.openLocked(Path.join(path, id + CacheFolder.temporarySuffix)) else { return nil }
    try file.resize(to: 0)
    return file
  }

  /// Removes an entry, unless someone is sending it.
  /// - Returns: whether it is gone.
  func remove(_ id: String) -> Bool {
    guard let roots = try? Roots().adding(folder: path), let file = try? roots.open(path(of: id)) else {
      return !contains(id)
    }
    guard (try? file.lockExclusive()) == true else { return false }
    return (try? OutputFile.remove(path(of: id))) != nil
  }

  /// The identity that a file's name has before its suffix; nil for files that are not ours.
  private static func id(of name: String, _ suffix: String) -> String? {
    guard name.hasSuffix(suffix) else { return nil }
    let id = name.dropLast(suffix.count)
    let isHexadecimal = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    return id.utf8.count == 32 && isHexadecimal ? String(id) : nil
  }
}
