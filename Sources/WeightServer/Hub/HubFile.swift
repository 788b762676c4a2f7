import Loader
import Platform

/// A file of a repository, with what clients are told of it before they fetch it.
struct HubFile: Sendable {
  /// Its path in the repository.
  let path: String
  /// What it is made of.
  let content: Content
  /// Bytes.
  let size: Int
  /// Its strong tag, which is also the name that clients keep it by: a partition's identity, or the SHA-256 of any other file.
  let tag: String
  /// Its SHA-256, where it is known.
  let sha256: String?

  /// What a file is made of.
  enum Content: Sendable {
    case partition(PartitionPlan)
    case bytes([UInt8])
    case file(SourceFile)
  }

  /// A partition.
  init(path: String, _ plan: PartitionPlan, digest: [UInt8]?) {
    self.path = path
    content = .partition(plan)
    size = plan.length
    tag = plan.identity
    sha256 = digest?.hexadecimal
  }

  /// A text that is made here.
  init(path: String, text: String) {
    self.path = path
    let bytes = Array(text.utf8)
    content = .bytes(bytes)
    size = bytes.count
    tag = SHA256.digest(of: bytes).hexadecimal
    sha256 = tag
  }

  /// A file of the checkpoint's folder.
  init(path: String, _ file: SourceFile, digest: [UInt8]) {
    self.path = path
    content = .file(file)
    size = Int(clamping: file.size)
    tag = digest.hexadecimal
    sha256 = tag
  }

  /// The media type by the path's ending.
  var mediaType: String {
    if path.hasSuffix(".json") { return "application/json" }
    return path.hasSuffix(".txt") || path.hasSuffix(".jinja") ? "text/plain; charset=utf-8" : "application/octet-stream"
  }
}
