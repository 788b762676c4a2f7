import Platform

/// The central directory of a zip file: it alone says which entries there are.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 and 4.5.3.
struct ZipDirectory: Sendable {
  /// One entry.
  struct Entry: Hashable, Sendable {
    /// The name, with slashes.
    let name: String
    /// The compression method: 0 is stored.
    let method: UInt16
    /// Bytes as stored.
    let storedSize: UInt64
    /// Bytes once unpacked.
    let size: UInt64
    /// The CRC-32 of the bytes; nil where the writer left it out (torch's `set_crc32_options(False)` writes 0).
    let checksum: UInt32?
    /// Where the local header begins.
    let headerOffset: UInt64

    fileprivate let flags: UInt16
  }

  /// Most bytes that a directory may have: about a million entries.
  static let limit: UInt64 = 1 << 27

  /// The entries in the directory's order.
  let entries: [Entry]
  private let indices: [String: Int]

  /// Reads a directory of so many entries, which must fill the bytes.
  /// - Throws: what is wrong, without the file's name.
  init(_ bytes: [UInt8], count: UInt64) throws(LoaderError) {
    // An entry takes at least 46 bytes, so this also bounds the allocation.
    guard count <= UInt64(bytes.count / 46) else {
      throw LoaderError(
        .invalidCheckpoint, "claims \(count) zip entries, and the directory's \(bytes.count) bytes hold fewer")
    }
    var cursor = ByteCursor(bytes)
    var entries: [Entry] = []
    var indices: [String: Int] = [:]
    for _ in 0..<count {
      let entry = try ZipDirectory.entry(&cursor)
      guard indices.updateValue(entries.count, forKey: entry.name) == nil else {
        throw LoaderError(.invalidCheckpoint, "has the zip entry \(entry.name.escaped) twice")
      }
      entries.append(entry)
    }
    guard cursor.isAtEnd else {
      throw LoaderError(.invalidCheckpoint, "has \(cursor.remaining) bytes after the last entry of its zip directory")
    }
    self.entries = entries
    self.indices = indices
  }

  /// The entry of a name.
  subscript(name: String) -> Entry? {
    guard let index = indices[name], entries[index].name.utf8.elementsEqual(name.utf8) else { return nil }
    return entries[index]
  }

  private static func entry(_ cursor: inout ByteCursor) throws(LoaderError) -> Entry {
    do {
      let signature = try cursor.littleEndian(UInt32.self)
      guard signature == 0x0201_4B50 else {
        throw LoaderError(.invalidCheckpoint, "has no zip entry where its directory says that one is")
      }
      try cursor.skip(4)
      let flags = try cursor.littleEndian(UInt16.self)
      let method = try cursor.littleEndian(UInt16.self)
      try cursor.skip(4)
      let checksum = try cursor.littleEndian(UInt32.self)
      let storedSize = try cursor.littleEndian(UInt32.self)
      let size = try cursor.littleEndian(UInt32.self)
      let nameLength = try cursor.littleEndian(UInt16.self)
      let extraLength = try cursor.littleEndian(UInt16.self)
      let commentLength = try cursor.littleEndian(UInt16.self)
      try cursor.skip(8)
      let headerOffset = try cursor.littleEndian(UInt32.self)
      let name = try self.name(try cursor.take(UInt64(nameLength)))
      let extra = try cursor.take(UInt64(extraLength))
      try cursor.skip(UInt64(commentLength))
      let wide = try Zip64Field(extra, size: size, storedSize: storedSize, headerOffset: headerOffset)
      return Entry(
        name: name, method: method, storedSize: wide.storedSize, size: wide.size,
        checksum: checksum == 0 && wide.size > 0 ? nil : checksum, headerOffset: wide.headerOffset, flags: flags)
    } catch let error as LoaderError {
      throw error
    } catch {
      throw LoaderError(.invalidCheckpoint, "has a zip directory that ends within an entry")
    }
  }

  private static func name(_ bytes: ArraySlice<UInt8>) throws(LoaderError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw LoaderError(.invalidCheckpoint, "has a zip entry whose name is not UTF-8")
    }
    guard Path.isInside(name.hasSuffix("/") ? String(name.dropLast()) : name) else {
      throw LoaderError(.invalidCheckpoint, "has a zip entry whose name leads out of it: \(name.escaped)")
    }
    return name
  }
}

extension ZipDirectory.Entry {
  /// What keeps an entry's bytes from being used as they lie in the file; nil where nothing does.
  var obstacle: String? {
    // Bits 0, 6 and 13: encrypted in one way or another.
    if flags & 0x2041 != 0 { return "is encrypted" }
    switch method {
    case 0: break
    case 8: return "is compressed (deflate); torch.save stores its records, so save the file again or unpack it first"
    default: return "is compressed (method \(method)); torch.save stores its records"
    }
    return storedSize == size ? nil : "is stored in \(storedSize) bytes but has \(size)"
  }
}
