import Platform

/// Reads files of `torch.save`, of whatever age.
enum TorchFile {
  /// The containers that torch has written.
  enum Container: Hashable, Sendable {
    /// A zip file: torch 1.6 and later.
    case zip
    /// Pickles in a row, then the storages: torch 0.1.10 to 1.5, and later on request.
    case legacy
    /// A tar file: before torch 0.1.10.
    case tar
  }

  /// What a file is, by its first bytes; nil where it is none of torch's.
  static func detect(_ index: Int, in files: FileTable) throws(LoaderError) -> Container? {
    let head = try head(index, in: files)
    if head.starts(with: [0x50, 0x4B, 3, 4]) || head.starts(with: [0x50, 0x4B, 5, 6]) { return .zip }
    if TorchLegacy.isMagic(head) { return .legacy }
    return TarDirectory.isHeader(head) ? .tar : nil
  }

  /// The value that a file holds, its tensors located in the file and checked against it.
  static func read(
    _ index: Int, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> InertValue {
    switch try detect(index, in: files) {
    case .zip: return try TorchArchive.read(FileWindow(file: index, in: files), in: &files, policy: policy)
    case .legacy: return try TorchLegacy.read(index, in: &files, policy: policy)
    case .tar: return try TorchTar.read(index, in: &files, policy: policy)
    case nil: throw .invalid(files.entries[index].name, try complaint(head(index, in: files)))
    }
  }

  /// The value of a zip container inside a file: `length` bytes at `offset`.
  static func read(
    _ index: Int, offset: UInt64, length: UInt64, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> InertValue {
    guard let window = FileWindow(file: index, offset: offset, length: length, in: files) else {
      throw .invalid(
        files.entries[index].name,
        "is truncated: a slice would be \(length) bytes at \(offset) of \(files.entries[index].file.size)")
    }
    return try TorchArchive.read(window, in: &files, policy: policy)
  }

  private static func head(_ index: Int, in files: FileTable) throws(LoaderError) -> [UInt8] {
    try files.read(index, at: 0, count: min(512, files.entries[index].file.size), what: "the first bytes")
  }

  private static func complaint(_ head: [UInt8]) -> String {
    if head.isEmpty { return "is empty" }
    if let hint = ForeignFile.hint(head, name: "") { return hint }
    if head[0] == 0x80 {
      return "is a plain pickle, not a file of torch.save: it has none of its containers"
    }
    return "is no file of torch.save: it is neither a zip file nor one of the older containers"
  }
}
