import Platform

/// A zip file, or a zip file inside another file, whose entries are found and checked but not unpacked.
struct ZipArchive {
  /// The entries.
  let directory: ZipDirectory
  /// The directory's bytes, which are part of the file's identity.
  let directoryBytes: [UInt8]
  /// The part of the file that it is.
  private(set) var window: FileWindow
  /// Where the directory begins: all entries end before it.
  private let directoryOffset: UInt64

  /// Reads the end records and the directory.
  init(_ window: FileWindow, of files: FileTable) throws(LoaderError) {
    var window = window
    let end = try ZipEnd.find(in: &window, of: files)
    guard end.directorySize <= ZipDirectory.limit else {
      throw .invalid(
        window.name, "has a zip directory of \(end.directorySize) bytes; at most \(ZipDirectory.limit) are read")
    }
    directoryBytes = Array(
      try window.read(at: end.directoryOffset, count: end.directorySize, what: "the zip directory", in: files))
    do throws(LoaderError) {
      directory = try ZipDirectory(directoryBytes, count: end.count)
    } catch {
      throw error.of(window.name)
    }
    directoryOffset = end.directoryOffset
    self.window = window
  }

  /// Where an entry's bytes lie, relative to the archive; checks its local header, and that they end before the directory.
  mutating func locate(_ entry: ZipDirectory.Entry, of files: FileTable) throws(LoaderError) -> Range<UInt64> {
    if let obstacle = entry.obstacle {
      throw .invalid(window.name, "has a zip entry, \(entry.name.escaped), that \(obstacle)")
    }
    let name = Array(entry.name.utf8)
    let length = 30 + UInt64(name.count)
    guard window.contains(entry.headerOffset, count: length) else {
      throw .invalid(
        window.name, "has a zip entry, \(entry.name.escaped), that would begin at \(entry.headerOffset), past the end")
    }
    let header = try window.read(at: entry.headerOffset, count: length, what: "a zip entry", in: files)
    let first = header.startIndex
    let extraLength = UInt64(header[first + 28]) | UInt64(header[first + 29]) << 8
    let nameLength = Int(header[first + 26]) | Int(header[first + 27]) << 8
    let method = UInt16(header[first + 8]) | UInt16(header[first + 9]) << 8
    guard header[first..<first + 4] == [0x50, 0x4B, 3, 4], method == entry.method, nameLength == name.count,
      header[(first + 30)...] == name[...]
    else {
      throw .invalid(
        window.name, "has another zip entry at \(entry.headerOffset) than the directory's \(entry.name.escaped)")
    }
    // Both sums fit: the header is inside the window, and the field has 16 bits.
    let start = entry.headerOffset + length + extraLength
    let (end, overflow) = start.addingReportingOverflow(entry.size)
    guard !overflow, end <= directoryOffset else {
      throw .invalid(
        window.name,
        "has a zip entry, \(entry.name.escaped), of \(entry.size) bytes at \(start), which runs into the directory")
    }
    return start..<end
  }

  /// The bytes of an entry, checked against its checksum; at most `limit`.
  mutating func read(
    _ entry: ZipDirectory.Entry, limit: UInt64, of files: FileTable
  ) throws(LoaderError) -> [UInt8] {
    let range = try locate(entry, of: files)
    guard entry.size <= limit else {
      throw .invalid(
        window.name, "has a zip entry, \(entry.name.escaped), of \(entry.size) bytes; at most \(limit) are read")
    }
    let bytes = Array(
      try window.read(at: range.lowerBound, count: entry.size, what: entry.name.escaped, in: files))
    if let checksum = entry.checksum, CRC32.checksum(bytes) != checksum {
      throw .invalid(window.name, "is corrupt: the CRC-32 of \(entry.name.escaped) does not match")
    }
    return bytes
  }
}
