import Glibc

/// What `fstat(2)` says of a file: enough to notice that it changed.
public struct FileStatus: Hashable, Sendable {
  /// Bytes in the file.
  public let size: UInt64
  /// Modification time in nanoseconds since 1970.
  public private(set) var modified: Int64
  /// Change time of the inode in nanoseconds since 1970.
  public let changed: Int64
  /// Device and inode: which file it is on this host.
  public let device: UInt64
  /// The inode's number on its device.
  public let inode: UInt64
  /// What kind of file it is.
  public let kind: Kind
  /// Who may read, write and run it: the lowest nine bits of its mode.
  public let permissions: UInt32

  /// The kinds of file that are told apart.
  public enum Kind: Sendable {
    /// A regular file: the only kind that is ever read.
    case regular
    /// A directory.
    case folder
    /// A device, fifo, socket or link.
    case other
  }

  /// The same status with another modification time.
  func modified(at time: Int64) -> FileStatus {
    var status = self
    status.modified = time
    return status
  }

  init(_ status: stat) {
    size = UInt64(clamping: status.st_size)
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    permissions = UInt32(status.st_mode) & 0o777
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .regular
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
  }

  /// The status of an open descriptor.
  package static func of(descriptor: CInt, subject: String?) throws(SystemError) -> FileStatus {
    var status = stat()
    // SAFETY: `status` outlives the call, which fills it.
    try retryingInterrupts("fstat", on: subject) { unsafe fstat(descriptor, &status) }
    return FileStatus(status)
  }

  /// The status of what a path names, links followed.
  public static func of(path: String) throws(SystemError) -> FileStatus {
    var status = stat()
    // SAFETY: `status` outlives the call, which fills it.
    try retryingInterrupts("stat", on: path) { unsafe stat(path, &status) }
    return FileStatus(status)
  }
}
