import Platform
import Synchronization

/// The SHA-256 of small files, each read once as long as it stays what it is.
final class AssetDigests: Sendable {
  private let known = Mutex<[Key: [UInt8]]>([:])

  /// Files whose digests are kept.
  private static let limit = 10_000
  /// Bytes that are read at a time.
  private static let window: UInt64 = 1 << 20

  /// What a file is on this host, and what it was when it was opened.
  private struct Key: Hashable {
    let status: FileStatus
    let path: String
  }

  /// The digest of an open file, from its first byte to its last.
  func digest(of file: SourceFile) throws(SystemError) -> [UInt8] {
    let key = Key(status: file.opened, path: file.path)
    if let digest = known.withLock({ $0[key] }) { return digest }
    var hash = SHA256()
    var offset: UInt64 = 0
    while offset < file.size {
      let count = min(AssetDigests.window, file.size - offset)
      hash.update(try file.bytes(at: offset, count: Int(count)))
      offset += count
    }
    let digest = hash.finish()
    known.withLock { known in
      if known.count >= AssetDigests.limit { known.removeAll(keepingCapacity: true) }
      known[key] = digest
    }
    return digest
  }
}
