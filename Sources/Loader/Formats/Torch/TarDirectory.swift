/// The members of a tar file: names and places.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
struct TarDirectory: Sendable {
  /// The members' bytes in the file, by name; of two with one name the last counts, as in tar.
  private(set) var members: [String: Range<UInt64>] = [:]

  /// Most members that are looked at; torch wrote four.
  static let limit = 64
  private static let blockSize: UInt64 = 512

  /// Whether a block is a tar header: its magic and its checksum are right.
  static func isHeader(_ block: some RandomAccessCollection<UInt8>) -> Bool {
    let block = Array(block.prefix(512))
    guard block.count == 512, block[257..<262].elementsEqual("ustar".utf8) else { return false }
    let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
    return octal(block[148..<156]).map { $0 == UInt64(sum) } ?? false
  }

  /// Walks over the headers of a file.
  init(_ index: Int, in files: FileTable) throws(LoaderError) {
    var window = FileWindow(file: index, in: files)
    var offset: UInt64 = 0
    var count = 0
    while window.contains(offset, count: TarDirectory.blockSize) {
      let block = Array(
        try window.read(at: offset, count: TarDirectory.blockSize, what: "a tar header", in: files))
      // A block of zeros ends the file.
      if block.allSatisfy({ $0 == 0 }) { return }
      count += 1
      guard TarDirectory.isHeader(block), count <= TarDirectory.limit, let size = TarDirectory.size(block[124..<136])
      else {
        throw .invalid(window.name, "has no tar header of a member at \(offset)")
      }
      let start = offset + TarDirectory.blockSize
      guard window.contains(start, count: size) else {
        throw .invalid(window.name, "is truncated: a tar member would be \(size) bytes at \(start)")
      }
      let name = String(decoding: block[0..<100].prefix { $0 != 0 }, as: UTF8.self)
      // '0' and NUL are regular files; folders, links and extended headers hold nothing of interest.
      if block[156] == 0x30 || block[156] == 0 { members[name] = start..<start + size }
      // Sizes are inside the file, so rounding up cannot overflow.
      offset = start + (size + TarDirectory.blockSize - 1) / TarDirectory.blockSize * TarDirectory.blockSize
    }
  }

  private static func octal(_ field: ArraySlice<UInt8>) -> UInt64? {
    let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    return UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  /// A size in octal digits, or in base 256 where the first bit is set.
  private static func size(_ field: ArraySlice<UInt8>) -> UInt64? {
    guard let first = field.first, first & 0x80 != 0 else { return octal(field) }
    guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
    return field.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
