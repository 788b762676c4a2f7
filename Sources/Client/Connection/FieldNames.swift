internal import HTTPTypes

extension HTTPField.Name {
  /// The server's name for a request, by which its log has it.
  static let requestID = HTTPField.Name("X-Request-Id") ?? .from
  /// The revision of the manifest that an answer is of.
  static let manifestRevision = HTTPField.Name("X-Manifest-Revision") ?? .from
  /// The digest of the whole representation (RFC 9530).
  static let reprDigest = HTTPField.Name("Repr-Digest") ?? .from
  /// Which digest the client would like (RFC 9530).
  static let wantReprDigest = HTTPField.Name("Want-Repr-Digest") ?? .from
}
