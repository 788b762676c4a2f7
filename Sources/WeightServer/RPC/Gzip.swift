import Loader

/// Undoes gzip (RFC 1952), which the Connect protocol's clients may compress requests by.
enum Gzip {
  /// The bytes that were compressed.
  /// - Parameter limit: bytes that they may be.
  /// - Throws: `malformed` too where the checksum or the length at the end is another, or anything follows it.
  static func decode(_ bytes: [UInt8], limit: Int) throws(Inflate.Failure) -> [UInt8] {
    let (content, end) = try Inflate.inflate(try body(of: bytes[...]), limit: limit)
    guard end.count == 8, little(end.prefix(4)) == CRC32.checksum(content),
      little(end.suffix(4)) == UInt32(truncatingIfNeeded: content.count)
    else { throw .malformed }
    return content
  }

  /// What follows the header.
  private static func body(of bytes: ArraySlice<UInt8>) throws(Inflate.Failure) -> ArraySlice<UInt8> {
    guard bytes.count >= 10, bytes.starts(with: [0x1F, 0x8B, 8]) else { throw .malformed }
    let flags = bytes[bytes.startIndex + 3]
    var rest = bytes.dropFirst(10)
    guard flags & 0xE0 == 0 else { throw .malformed }
    if flags & 4 != 0 {
      guard rest.count >= 2 else { throw .malformed }
      let count = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
      guard rest.count >= 2 + count else { throw .malformed }
      rest = rest.dropFirst(2 + count)
    }
    // A file's name and a comment, each up to a zero.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      guard let end = rest.firstIndex(of: 0) else { throw .malformed }
      rest = rest[(end + 1)...]
    }
    if flags & 2 != 0 {
      guard rest.count >= 2 else { throw .malformed }
      rest = rest.dropFirst(2)
    }
    return rest
  }

  private static func little(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
