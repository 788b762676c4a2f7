internal import Transport

/// Which content a transfer is of: what an answer's head says that names its bytes.
struct TransferContent: Hashable, Sendable {
  /// The answer's `ETag`.
  let tag: EntityTag?
  /// Bytes of the whole partition.
  let length: Int
  /// The manifest's revision.
  let revision: String?
  /// The SHA-256 of the whole, where the server knows it.
  let digest: [UInt8]?

  /// A content.
  init(tag: EntityTag?, length: Int, revision: String? = nil, digest: [UInt8]? = nil) {
    self.tag = tag
    self.length = length
    self.revision = revision
    self.digest = digest
  }

  /// The tag by which the rest can be asked for: only a strong one promises the same bytes.
  var resumeTag: EntityTag? { tag.flatMap { $0.isWeak ? nil : $0 } }

  /// Whether bytes of both may stand in one file.
  func isSame(as other: TransferContent) -> Bool {
    guard let tag, let otherTag = other.tag else { return false }
    return length == other.length && tag.matchesStrongly(otherTag)
  }
}
