import CLinux
import Glibc

/// The folders beneath which files may be opened.
///
/// A file is opened in three steps that leave no window for a swap: name it with `O_PATH` (which touches no device), ask the
/// kernel where that is, links followed, and only then open that very inode, if it is a regular file beneath a root.
public struct Roots: Hashable, Sendable {
  /// Absolute paths with every link resolved.
  public private(set) var folders: [String] = []
  private var supplied: [Supplied] = []

  /// Why a file was not opened.
  public enum Refusal: Error, Hashable, Sendable {
    /// A system call failed.
    case system(SystemError)
    /// The file, links resolved, lies beneath no root.
    case outside(path: String, resolved: String)
    /// A folder, device, fifo or socket.
    case notRegular(path: String)
    /// The path holds a NUL byte.
    case unusable(path: String)
  }

  /// No roots: nothing can be opened.
  public init() {}

  /// Adds a folder whose files are brought from elsewhere when they are read.
  public mutating func add(_ folder: any SuppliedFolder) {
    if !folders.contains(folder.path) { folders.append(folder.path) }
    supplied.append(Supplied(folder: folder))
  }

  /// A folder by its identity.
  private struct Supplied: Hashable {
    let folder: any SuppliedFolder

    static func == (one: Supplied, other: Supplied) -> Bool { one.folder === other.folder }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(folder)) }
  }

  /// Adds a folder, links resolved.
  public mutating func add(folder: String) throws(SystemError) {
    let resolved = try Roots.resolve(folder)
    if !folders.contains(resolved) { folders.append(resolved) }
  }

  /// The same roots and one folder more.
  public func adding(folder: String) throws(SystemError) -> Roots {
    var roots = self
    try roots.add(folder: folder)
    return roots
  }

  /// Whether an absolute path with no links lies beneath a root or is one.
  public func contain(resolved path: String) -> Bool {
    folders.contains { path == $0 || path.hasPrefix($0 == "/" ? "/" : $0 + "/") }
  }

  /// Opens a regular file beneath a root for reading.
  public func open(_ path: String) throws(Refusal) -> SourceFile {
    guard !path.utf8.contains(0) else { throw .unusable(path: path) }
    let opened: Result<SourceFile, Refusal>
    do throws(SystemError) {
      // SAFETY: Swift passes a terminated copy of the path for the call's length.
      let named = Descriptor(owning: try retryingInterrupts("open", on: path) { unsafe linux_open_path(path) })
      opened = try open(named, path: path)
    } catch {
      throw .system(error)
    }
    return try opened.get()
  }

  private func open(_ named: borrowing Descriptor, path: String) throws(SystemError) -> Result<SourceFile, Refusal> {
    let resolved = try Roots.path(of: named.number, subject: path)
    guard contain(resolved: resolved) else { return .failure(.outside(path: path, resolved: resolved)) }
    guard try FileStatus.of(descriptor: named.number, subject: path).kind == .regular else {
      return .failure(.notRegular(path: path))
    }
    let descriptor = named.number
    let number = try retryingInterrupts("open", on: path) { linux_reopen_for_reading(descriptor) }
    let folder = supplied.first { resolved.hasPrefix($0.folder.path + "/") }?.folder
    return .success(
      try SourceFile(path: path, owning: Descriptor(owning: number), supply: folder?.supply(of: resolved)))
  }

  /// The absolute path that a path names, every link resolved.
  public static func resolve(_ path: String) throws(SystemError) -> String {
    // SAFETY: realpath(3) allocates a terminated string that is freed here.
    guard let resolved = unsafe realpath(path, nil) else { throw SystemError("realpath", on: path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func path(of descriptor: CInt, subject: String) throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    // SAFETY: at most PATH_MAX bytes are written to a buffer of one more.
    let count = try retryingInterrupts("readlink", on: subject) {
      unsafe readlink("/proc/self/fd/\(descriptor)", &buffer, Int(PATH_MAX))
    }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
