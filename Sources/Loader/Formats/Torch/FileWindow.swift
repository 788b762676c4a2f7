import Platform

/// A part of a file that holds a container: the whole file, or one slice of it. Offsets are the container's own.
///
/// It keeps the two blocks it read last, so that the many small reads of an index (headers, short records) cost few calls.
struct FileWindow {
  /// The file's index in the table.
  let file: Int
  /// Where the container begins in the file.
  let start: UInt64
  /// Its length.
  let length: UInt64
  /// The file's name, for errors.
  let name: String

  private var blocks: [Block] = []

  private struct Block {
    let offset: UInt64
    let bytes: [UInt8]
  }

  /// Bytes that are read at least, so that the next read may find its bytes there.
  static let blockSize: UInt64 = 4_096

  /// A whole file.
  init(file: Int, in files: FileTable) {
    self.file = file
    start = 0
    length = files.entries[file].file.size
    name = files.entries[file].name
  }

  /// A part of a file; nil where it is not inside.
  init?(file: Int, offset: UInt64, length: UInt64, in files: FileTable) {
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= files.entries[file].file.size else { return nil }
    self.file = file
    start = offset
    self.length = length
    name = files.entries[file].name
  }

  /// Whether `count` bytes at `offset` lie inside.
  func contains(_ offset: UInt64, count: UInt64) -> Bool {
    let (end, overflow) = offset.addingReportingOverflow(count)
    return !overflow && end <= length
  }

  /// The `count` bytes at `offset`.
  /// - Parameter what: what they are, for the error.
  mutating func read(
    at offset: UInt64, count: UInt64, what: String, in files: FileTable
  ) throws(LoaderError) -> ArraySlice<UInt8> {
    guard contains(offset, count: count) else {
      throw .invalid(name, "is truncated: \(what) would be \(count) bytes at \(offset) of \(length)")
    }
    for block in blocks where offset >= block.offset {
      // The block's bytes are in memory, so these differences fit.
      let first = offset - block.offset
      if first + count <= UInt64(block.bytes.count) {
        return block.bytes[Int(first)..<Int(first + count)]
      }
    }
    let wanted = max(count, min(FileWindow.blockSize, length - offset))
    let bytes = try files.read(file, at: start + offset, count: wanted, what: what)
    if wanted == FileWindow.blockSize || wanted > count {
      if blocks.count == 2 { blocks.removeFirst() }
      blocks.append(Block(offset: offset, bytes: bytes))
    }
    return bytes[0..<Int(count)]
  }
}
