import Platform

/// Which file an entry's bytes were found right in: another of the same name, or a change, shows.
struct FileSeal: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
  var size: UInt64
  var modified: Int64
}

extension FileSeal {
  /// The seal of an open file.
  init(_ file: SourceFile) {
    let status = file.opened
    self.init(device: status.device, inode: status.inode, size: status.size, modified: status.modified)
  }
}
