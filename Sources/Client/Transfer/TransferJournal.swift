internal import Loader
internal import Platform
internal import Transport

/// What is known of a partial file: enough to go on with it in another process, or to know that one must not.
///
/// It is one JSON object, padded with spaces to a fixed size, so that writing it anew replaces it whole in one call.
struct TransferJournal: Hashable, Sendable {
  /// The path and query of the request, without the server: the same content may be had from another.
  let target: String
  /// The content that the bytes are of.
  let content: TransferContent
  /// Bytes stored, from the start.
  var stored: Int
  /// Which boot of which machine wrote it. What another boot wrote may have been lost before it reached the disk.
  let boot: String

  /// Bytes of the file; a target that does not fit is not journaled.
  static let size = 16_384
  private static let version = 1

  /// A journal.
  init(target: String, content: TransferContent, stored: Int, boot: String) {
    self.target = target
    self.content = content
    self.stored = stored
    self.boot = boot
  }

  /// Reads a journal; nil for anything that is not one of this version, whole and without contradiction.
  init?(parsing bytes: [UInt8]) {
    guard bytes.count <= TransferJournal.size, let value = try? JSONValue(parsing: bytes),
      value["version"]?.asInteger == TransferJournal.version,
      let target = value["target"]?.asText, let boot = value["boot"]?.asText,
      let tag = value["etag"]?.asText.flatMap({ EntityTag(parsing: $0) }), !tag.isWeak,
      let length = value["length"]?.asInteger, let stored = value["stored"]?.asInteger,
      stored > 0, stored <= length
    else { return nil }
    self.target = target
    self.boot = boot
    self.stored = stored
    content = TransferContent(tag: tag, length: length, revision: value["revision"]?.asText)
  }

  /// The journal's bytes; nil where it cannot be resumed from, or does not fit.
  var serialized: [UInt8]? {
    guard let tag = content.resumeTag, stored > 0 else { return nil }
    var writer = JSONWriter()
    writer.object {
      $0.member("version", TransferJournal.version)
      $0.member("target", target)
      $0.member("etag", tag.description)
      if let revision = content.revision { $0.member("revision", revision) }
      $0.member("length", content.length)
      $0.member("stored", stored)
      $0.member("boot", boot)
    }
    guard writer.bytes.count < TransferJournal.size else { return nil }
    return writer.bytes + [UInt8](repeating: 0x20, count: TransferJournal.size - writer.bytes.count - 1) + [0x0A]
  }

  /// Whether the stored bytes may be gone on with for a request, on this boot.
  func canResume(target: String, boot: String, pinnedRevision: String?) -> Bool {
    guard self.target == target, self.boot == boot else { return false }
    guard let pinnedRevision, let revision = content.revision else { return true }
    return pinnedRevision == revision
  }
}
