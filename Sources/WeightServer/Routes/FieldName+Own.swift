import HTTPTypes

extension HTTPField.Name {
  /// The identity of the checkpoint's content.
  static let manifestRevision = Self.known("X-Manifest-Revision")
  /// The element type of `/tensor`'s bytes, by safetensors' name.
  static let tensorDType = Self.known("X-Tensor-Dtype")
  /// The extents of `/tensor`'s bytes, as a JSON array.
  static let tensorShape = Self.known("X-Tensor-Shape")
  /// The SHA-256 of a partition (RFC 9530).
  static let reprDigest = Self.known("Repr-Digest")
  /// Whether the client would rather wait for it.
  static let wantReprDigest = Self.known("Want-Repr-Digest")
  /// Which kinds of descriptor a client takes in place of a body, on its connection.
  static let acceptDescriptor = Self.known("Accept-Descriptor")
  /// The kind of descriptor that goes beside the head.
  static let contentDescriptor = Self.known("Content-Descriptor")

  /// The trace that a request is part of (W3C Trace Context).
  static let traceParent = Self.known("traceparent")
  /// Our span in that trace (W3C Trace Context, level 2).
  static let traceResponse = Self.known("traceresponse")

  /// What a browser tells others of where it comes from.
  static let referrerPolicy = Self.known("Referrer-Policy")

  /// A name that is a token, as all of the above are.
  private static func known(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no field name") }
    return name
  }
}
