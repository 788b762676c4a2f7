import Loader
import Platform

/// What stands behind the body in an entry of the cache: which partition it is, how long it is, and its SHA-256.
///
/// The description's UTF-8, then its length and the body's (8 bytes each, least significant first), the digest, a mark. The mark is
/// written last, so an entry that was cut is none.
struct EntryTrailer: Hashable {
  /// Bytes of the body.
  let bodyLength: Int
  /// The body's SHA-256.
  let digest: [UInt8]
  /// Which partition it is.
  let description: String

  private static let mark = Array("WSCACHE1".utf8)
  /// Bytes behind the description.
  private static let fixedLength = 8 + 8 + 32 + mark.count
  /// Bytes that a description may have.
  private static let descriptionLimit = 64 << 10
  /// Bytes that a trailer may have.
  static let limit = descriptionLimit + fixedLength

  /// A trailer; a description that is too long is left out.
  init(bodyLength: Int, digest: [UInt8], description: String) {
    self.bodyLength = bodyLength
    self.digest = digest
    self.description = description.utf8.count <= EntryTrailer.descriptionLimit ? description : ""
  }

  /// Reads the trailer of a file.
  /// - Parameters:
  ///   - tail: the file's last bytes, `limit` of them or all there are.
  ///   - fileLength: bytes of the file.
  /// - Returns: nil where the file is no whole entry.
  init?(tail: [UInt8], fileLength: Int) {
    guard tail.count >= EntryTrailer.fixedLength, tail.suffix(EntryTrailer.mark.count).elementsEqual(EntryTrailer.mark)
    else { return nil }
    let fixed = Array(tail.suffix(EntryTrailer.fixedLength))
    guard let count = EntryTrailer.length(fixed[0..<8]), let body = EntryTrailer.length(fixed[8..<16]),
      count <= EntryTrailer.descriptionLimit, count + EntryTrailer.fixedLength <= tail.count,
      body == fileLength - count - EntryTrailer.fixedLength,
      let description = String(
        validating: tail.suffix(count + EntryTrailer.fixedLength).prefix(count), as: UTF8.self)
    else { return nil }
    self.init(bodyLength: body, digest: Array(fixed[16..<48]), description: description)
  }

  /// The bytes that follow the body.
  var bytes: [UInt8] {
    let text = Array(description.utf8)
    return text + EntryTrailer.bytes(text.count) + EntryTrailer.bytes(bodyLength) + digest + EntryTrailer.mark
  }

  private static func bytes(_ length: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  }

  private static func length(_ bytes: ArraySlice<UInt8>) -> Int? {
    Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
