@testable import Loader

/// Writes zip files, right or wrong: every field can be given another value than the true one.
struct ZipBuilder {
  struct Entry {
    var name: String
    var bytes: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0x808
    var checksum: UInt32?
    /// What the directory says instead of the truth.
    var claimedSize: UInt32?
    var claimedOffset: UInt32?
    var localName: String?
    var localSignature: UInt32 = 0x0403_4B50
    /// Appended to the directory's entry.
    var extra: [UInt8] = []
    /// Padding in the local header, so that bytes can be aligned.
    var localExtra: [UInt8] = []
  }

  var entries: [Entry] = []
  var claimedCount: UInt16?
  var claimedDirectoryOffset: UInt32?
  var claimedDirectorySize: UInt32?
  var comment: [UInt8] = []
  /// Whether zip64 end records are written too, and what they say of the directory's offset.
  var wide = false
  var wideDirectoryOffset: UInt64?

  /// A torch archive: a pickle and storages by their keys.
  static func torch(_ pickle: [UInt8], storages: [(key: String, bytes: [UInt8])] = []) -> ZipBuilder {
    var zip = ZipBuilder()
    zip.entries.append(Entry(name: "archive/data.pkl", bytes: pickle))
    zip.entries.append(Entry(name: "archive/byteorder", bytes: Array("little".utf8)))
    for storage in storages { zip.entries.append(Entry(name: "archive/data/\(storage.key)", bytes: storage.bytes)) }
    zip.entries.append(Entry(name: "archive/version", bytes: Array("3\n".utf8)))
    return zip
  }

  func build() -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = file.count
      let local = Array((entry.localName ?? entry.name).utf8)
      let checksum = entry.checksum ?? CRC32.checksum(entry.bytes)
      file += littleEndian(entry.localSignature) + littleEndian(UInt16(20)) + littleEndian(entry.flags)
      file += littleEndian(entry.method) + littleEndian(UInt32(0)) + littleEndian(checksum)
      file += littleEndian(UInt32(entry.bytes.count)) + littleEndian(UInt32(entry.bytes.count))
      file += littleEndian(UInt16(local.count)) + littleEndian(UInt16(entry.localExtra.count)) + local
      file += entry.localExtra + entry.bytes
      let name = Array(entry.name.utf8)
      let size = entry.claimedSize ?? UInt32(entry.bytes.count)
      directory += littleEndian(UInt32(0x0201_4B50)) + littleEndian(UInt32(0)) + littleEndian(entry.flags)
      directory += littleEndian(entry.method) + littleEndian(UInt32(0)) + littleEndian(checksum)
      directory += littleEndian(size) + littleEndian(size) + littleEndian(UInt16(name.count))
      directory += littleEndian(UInt16(entry.extra.count)) + [UInt8](repeating: 0, count: 10)
      directory += littleEndian(entry.claimedOffset ?? UInt32(offset)) + name + entry.extra
    }
    let start = file.count
    file += directory
    if wide { file += wideEnd(start: start, size: directory.count, at: file.count) }
    let count = claimedCount ?? UInt16(entries.count)
    file += littleEndian(UInt32(0x0605_4B50)) + littleEndian(UInt32(0)) + littleEndian(count) + littleEndian(count)
    file += littleEndian(claimedDirectorySize ?? UInt32(directory.count))
    file += littleEndian(claimedDirectoryOffset ?? UInt32(start))
    return file + littleEndian(UInt16(comment.count)) + comment
  }

  private func wideEnd(start: Int, size: Int, at position: Int) -> [UInt8] {
    var bytes = littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44)) + littleEndian(UInt32(0))
    bytes += littleEndian(UInt64(0)) + littleEndian(UInt64(entries.count)) + littleEndian(UInt64(entries.count))
    bytes += littleEndian(UInt64(size)) + littleEndian(wideDirectoryOffset ?? UInt64(start))
    bytes += littleEndian(UInt32(0x0706_4B50)) + littleEndian(UInt32(0)) + littleEndian(UInt64(position))
    return bytes + littleEndian(UInt32(1))
  }
}
