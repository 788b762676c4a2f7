internal import HTTPTypes
internal import Transport

extension HTTPField.Name {
  /// The server's name for a request, by which its log has it.
  static let requestID = known("X-Request-Id")
  /// The revision of the manifest that an answer is of.
  static let manifestRevision = known("X-Manifest-Revision")
  /// The digest of the whole representation (RFC 9530).
  static let reprDigest = known("Repr-Digest")
  /// Which kinds of descriptor the client takes in place of a body, on this connection.
  static let acceptDescriptor = known("Accept-Descriptor")
  /// The kind of descriptor that came beside the head.
  static let contentDescriptor = known("Content-Descriptor")
  /// Which digest the client would like (RFC 9530).
  static let wantReprDigest = known("Want-Repr-Digest")
}
