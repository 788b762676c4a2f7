internal import HTTPTypes
internal import Transport

/// What a server says of a partition without sending it: the head of its answer.
public struct PartitionInfo: Sendable, Hashable {
  /// Bytes of the partition.
  public let byteCount: Int
  /// The tag of its content, as the server wrote it.
  public let entityTag: String?
  /// The revision of the manifest that it is of.
  public let revision: String
  /// The name that the server gives its file: made of `A-Z a-z 0-9 . _ -`, and not hidden.
  public let fileName: String?

  init(_ head: ResponseHead, address: ServerAddress) throws(WeightClientError) {
    func malformed(_ problem: String) -> WeightClientError {
      WeightClientError(.content, .internalError, "\(address): the answer has \(problem)", status: head.status.code)
    }
    guard let length = head.fields[.contentLength].flatMap({ ASCII.decimal($0.utf8) }) else {
      throw malformed("no Content-Length")
    }
    guard let revision = head.fields[.manifestRevision] else { throw malformed("no X-Manifest-Revision") }
    byteCount = length
    entityTag = head.fields[.eTag]
    self.revision = revision
    fileName = head.fields[.contentDisposition].flatMap { PartitionInfo.fileName(in: $0) }
  }

  /// The `filename` parameter of a `Content-Disposition` (RFC 6266), where it is a plain name. It comes from a stranger: a
  /// path, or a name that a shell or a terminal would read otherwise, is none.
  static func fileName(in field: String) -> String? {
    for parameter in [UInt8](field.utf8)[...].split(separator: 0x3B).dropFirst().map(ASCII.trim) {
      guard ASCII.isEqual(parameter.prefix(9), ignoringCase: "filename=") else { continue }
      var value = parameter.dropFirst(9)
      if value.count >= 2, value.first == 0x22, value.last == 0x22 { value = value.dropFirst().dropLast() }
      let isPlain = value.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
      guard isPlain, let first = value.first, first != 0x2E, first != 0x2D, value.count <= 200 else { return nil }
      return String(decoding: value, as: UTF8.self)
    }
    return nil
  }
}
