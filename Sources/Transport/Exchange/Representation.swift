package import HTTPTypes

/// A resource's bytes and what is known of them: enough to answer GET and HEAD, with preconditions and ranges.
package struct Representation: Sendable {
  /// Bytes in all.
  package var length: Int
  /// The tag of these very bytes, if any.
  package var entityTag: EntityTag?
  /// When they last changed, in seconds since 1970, if known.
  package var lastModified: Int64?
  /// Fields that describe them: Content-Type, Content-Disposition, Cache-Control, digests.
  package var fields: HTTPFields
  /// Makes the body of a range that lies within the length.
  package var body: @Sendable (Range<Int>) -> any BodySource

  /// Describes a resource's bytes.
  package init(
    length: Int, entityTag: EntityTag? = nil, lastModified: Int64? = nil, fields: HTTPFields = HTTPFields(),
    body: @escaping @Sendable (Range<Int>) -> any BodySource
  ) {
    self.length = length
    self.entityTag = entityTag
    self.lastModified = lastModified
    self.fields = fields
    self.body = body
  }
}
