import Loader
import Platform

/// Where a checkpoint lies in an object store: `s3://BUCKET/PREFIX`.
package struct ObjectLocation: Hashable, Sendable, CustomStringConvertible {
  /// The bucket's name.
  package let bucket: String
  /// The keys' common beginning, without a slash at either end; empty for the whole bucket.
  package let prefix: String

  /// Whether a path that a user gave is meant to be one.
  package static func isMeant(by path: String) -> Bool { path.hasPrefix("s3://") }

  /// Reads `s3://BUCKET/PREFIX`.
  /// - Throws: what would be right.
  package init(_ text: String) throws(ObjectStoreError) {
    let rest = text.dropFirst(ObjectLocation.isMeant(by: text) ? 5 : text.count)
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bucket = parts.first, (3...63).contains(bucket.utf8.count),
      bucket.utf8.allSatisfy(ObjectLocation.isBucketByte)
    else {
      throw ObjectStoreError(
        .invalid,
        "\"\(text.escaped)\" names no object: it looks like s3://BUCKET/PREFIX, the bucket of 3 to 63 of a-z 0-9 . -")
    }
    self.bucket = String(bucket)
    let prefix = parts.count > 1 ? parts[1] : ""
    self.prefix = prefix.split(separator: "/").joined(separator: "/")
    guard self.prefix.isEmpty || Path.isInside(self.prefix), self.prefix.utf8.count <= 1024 else {
      throw ObjectStoreError(
        .invalid, "\"\(text.escaped)\" names no object: a prefix has at most 1024 bytes and no part that is ..")
    }
  }

  /// The location as it is written.
  package var description: String { "s3://\(bucket)/\(prefix)".escaped }

  private static func isBucketByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
  }
}
