import Platform

/// What the records at the end of a zip file say of its directory.
///
/// Source: PKWARE APPNOTE 4.3.14 to 4.3.16.
struct ZipEnd: Hashable, Sendable {
  /// Where the directory begins.
  let directoryOffset: UInt64
  /// Its length in bytes.
  let directorySize: UInt64
  /// Its entries.
  let count: UInt64

  /// Bytes of an end record without comment, of a zip64 locator and of a zip64 end record.
  private static let sizes = (plain: UInt64(22), locator: UInt64(20), wide: UInt64(56))

  /// Finds the records at the end of a window.
  static func find(in window: inout FileWindow, of files: FileTable) throws(LoaderError) -> ZipEnd {
    guard let position = try position(in: &window, of: files) else {
      throw .invalid(window.name, "is no whole zip file: it has no end record (truncated?)")
    }
    let record = try window.read(at: position, count: sizes.plain, what: "the zip end record", in: files)
    guard let plain = Plain(record) else {
      throw .invalid(window.name, "is a zip file of several parts, which torch never writes")
    }
    var end = ZipEnd(
      directoryOffset: UInt64(plain.offset), directorySize: UInt64(plain.size), count: UInt64(plain.count))
    var limit = position
    if position >= sizes.locator,
      let wide = try wide(before: position, in: &window, of: files)
    {
      guard plain.agrees(with: wide.end) else {
        throw .invalid(window.name, "has two zip end records that contradict each other")
      }
      end = wide.end
      limit = wide.position
    } else if plain.isSaturated {
      throw .invalid(window.name, "is a zip64 file without a zip64 end record")
    }
    let (directoryEnd, overflow) = end.directoryOffset.addingReportingOverflow(end.directorySize)
    guard !overflow, directoryEnd <= limit else {
      throw .invalid(
        window.name,
        "has a zip directory of \(end.directorySize) bytes at \(end.directoryOffset), which runs past its end record")
    }
    return end
  }

  private struct Plain {
    let count: UInt16
    let size: UInt32
    let offset: UInt32

    /// nil where the record is of a zip file of several parts.
    init?(_ record: ArraySlice<UInt8>) {
      var cursor = ByteCursor(Array(record))
      guard (try? cursor.skip(4)) != nil, let disk = try? cursor.littleEndian(UInt16.self),
        let start = try? cursor.littleEndian(UInt16.self), let here = try? cursor.littleEndian(UInt16.self),
        let count = try? cursor.littleEndian(UInt16.self), let size = try? cursor.littleEndian(UInt32.self),
        let offset = try? cursor.littleEndian(UInt32.self),
        disk == 0 || disk == .max, start == 0 || start == .max, here == count
      else { return nil }
      self.count = count
      self.size = size
      self.offset = offset
    }

    var isSaturated: Bool { count == .max || size == .max || offset == .max }

    func agrees(with end: ZipEnd) -> Bool {
      (count == .max || UInt64(count) == end.count) && (size == .max || UInt64(size) == end.directorySize)
        && (offset == .max || UInt64(offset) == end.directoryOffset)
    }
  }

  /// The position of the end record: the last one whose comment ends where the file does.
  private static func position(in window: inout FileWindow, of files: FileTable) throws(LoaderError) -> UInt64? {
    for reach in [sizes.plain, FileWindow.blockSize, sizes.plain + 65_535] {
      let count = min(reach, window.length)
      if count < sizes.plain { return nil }
      let first = window.length - count
      // The block is read whole at once, for the directory that stands before the record.
      let ahead = min(FileWindow.blockSize, window.length)
      _ = try window.read(at: window.length - ahead, count: ahead, what: "the end of the zip file", in: files)
      let tail = try window.read(at: first, count: count, what: "the end of the zip file", in: files)
      let base = tail.startIndex
      for index in stride(from: Int(count - sizes.plain), through: 0, by: -1)
      where tail[base + index] == 0x50 && tail[base + index + 1] == 0x4B && tail[base + index + 2] == 5
        && tail[base + index + 3] == 6
      {
        let comment = Int(tail[base + index + 20]) | Int(tail[base + index + 21]) << 8
        if index + 22 + comment == Int(count) { return first + UInt64(index) }
      }
    }
    return nil
  }

  private static func wide(
    before position: UInt64, in window: inout FileWindow, of files: FileTable
  ) throws(LoaderError) -> (end: ZipEnd, position: UInt64)? {
    var locator = ByteCursor(
      Array(
        try window.read(
          at: position - sizes.locator, count: sizes.locator, what: "the zip64 locator", in: files)))
    guard (try? locator.littleEndian(UInt32.self)) == 0x0706_4B50 else { return nil }
    guard let disk = try? locator.littleEndian(UInt32.self), let offset = try? locator.littleEndian(UInt64.self),
      let disks = try? locator.littleEndian(UInt32.self), disk == 0, disks <= 1,
      offset <= position - sizes.locator, position - sizes.locator - offset >= sizes.wide
    else {
      throw .invalid(window.name, "has a zip64 locator that points nowhere")
    }
    let record = try window.read(at: offset, count: sizes.wide, what: "the zip64 end record", in: files)
    var cursor = ByteCursor(Array(record))
    guard (try? cursor.littleEndian(UInt32.self)) == 0x0606_4B50, (try? cursor.skip(20)) != nil,
      let here = try? cursor.littleEndian(UInt64.self), let count = try? cursor.littleEndian(UInt64.self),
      let size = try? cursor.littleEndian(UInt64.self), let start = try? cursor.littleEndian(UInt64.self),
      here == count
    else {
      throw .invalid(window.name, "has no zip64 end record where its locator points")
    }
    return (ZipEnd(directoryOffset: start, directorySize: size, count: count), offset)
  }
}
