public import Platform

/// The files of one checkpoint, opened beneath the roots, each once.
///
/// Readers of containers take it `inout`: they open what they need by the name the checkpoint gives, and leave the digest of
/// the metadata they read, which is part of the file's identity.
public struct FileTable: Sendable {
  /// One file of the checkpoint.
  public struct Entry: Sendable {
    /// The open file.
    public let file: SourceFile
    /// The name within the checkpoint: relative to its folder, the same on every host.
    public let name: String
    /// SHA-256 over the header, pickle or zip directory that a reader read; empty until one did.
    public fileprivate(set) var metadataDigest: [UInt8] = []
  }

  /// The folders that files may lie in.
  public let roots: Roots
  /// The checkpoint's own folder, to which names are relative.
  public let folder: String
  /// The files, in the order in which they were opened.
  public private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]
  private let hub: HubCache?

  /// Most files that one checkpoint may have.
  public static let limit = 100_000

  /// An empty table.
  public init(folder: String, roots: Roots) {
    self.folder = folder
    self.roots = roots
    hub = HubCache(folder: folder)
  }

  /// Opens a file by its name within the checkpoint (or an absolute path), or finds it open already. Returns its index.
  public mutating func open(_ name: String) throws(LoaderError) -> Int {
    if let index = indices[name] { return index }
    guard entries.count < FileTable.limit else {
      throw .invalid(name, "is one file too many: a checkpoint has at most \(FileTable.limit)")
    }
    guard name.hasPrefix("/") || Path.isInside(name) else {
      throw .invalid(name, "is not a path within the checkpoint's folder: names hold no '..', NUL or backslash")
    }
    let file: SourceFile
    do throws(Roots.Refusal) {
      file = try HubCache.open(Path.join(folder, name), in: hub, roots: roots)
    } catch {
      throw LoaderError(error, file: name)
    }
    entries.append(Entry(file: file, name: name))
    indices[name] = entries.count - 1
    return entries.count - 1
  }

  /// Adds bytes that a reader parsed to the file's identity.
  public mutating func identify(_ index: Int, by bytes: [UInt8]) {
    var hash = SHA256()
    hash.update(entries[index].metadataDigest)
    hash.update(bytes)
    entries[index].metadataDigest = hash.finish()
  }

  /// Takes over the digest that another table has made of the same file.
  mutating func setDigest(_ digest: [UInt8], of index: Int) {
    entries[index].metadataDigest = digest
  }

  /// Reads `count` bytes at `offset` of a file, checked against its size first.
  /// - Parameter what: what the bytes are, for the error ("the zip directory").
  public func read(_ index: Int, at offset: UInt64, count: UInt64, what: String) throws(LoaderError) -> [UInt8] {
    let entry = entries[index]
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= entry.file.size, let count = Int(exactly: count) else {
      throw .invalid(
        entry.name, "is truncated: \(what) would be \(count) bytes at \(offset), and the file has \(entry.file.size)")
    }
    do throws(SystemError) {
      return try entry.file.bytes(at: offset, count: count)
    } catch {
      throw LoaderError(error, file: entry.name)
    }
  }
}
