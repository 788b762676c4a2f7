package import HTTPTypes

/// The preconditions of a request against the state of a resource (RFC 9110 section 13).
package enum Conditionals {
  /// What the preconditions lead to.
  package enum Outcome: Hashable, Sendable {
    /// The method is to be applied; whether a Range field counts is decided by `If-Range`.
    case proceed(honorsRange: Bool)
    /// 304: the client has it.
    case notModified
    /// 412, and the name of the field that failed.
    case failed(String)
  }

  /// Evaluates all preconditions in the order of section 13.2.2.
  /// - Parameters:
  ///   - entityTag: the current tag of the resource, if it has one.
  ///   - lastModified: when it last changed, in seconds since 1970, if known.
  package static func evaluate(
    method: HTTPRequest.Method, fields: HTTPFields, entityTag: EntityTag?, lastModified: Int64?
  ) -> Outcome {
    let reads = method == .get || method == .head
    if let value = fields[.ifMatch] {
      if !matches(value, entityTag, by: { $0.matchesStrongly($1) }) { return .failed("If-Match") }
    } else if let since = date(fields, .ifUnmodifiedSince), let lastModified, lastModified > since {
      return .failed("If-Unmodified-Since")
    }
    if let value = fields[.ifNoneMatch] {
      if matches(value, entityTag, by: { $0.matchesWeakly($1) }) {
        return reads ? .notModified : .failed("If-None-Match")
      }
    } else if reads, let since = date(fields, .ifModifiedSince), let lastModified, lastModified <= since {
      return .notModified
    }
    return .proceed(honorsRange: honorsRange(fields, entityTag: entityTag, lastModified: lastModified))
  }

  /// A malformed list matches nothing.
  private static func matches(
    _ value: String, _ entityTag: EntityTag?, by compare: (EntityTag, EntityTag) -> Bool
  ) -> Bool {
    switch EntityTag.List(parsing: value) {
    case .any: true
    case .tags(let tags): entityTag.map { current in tags.contains { compare($0, current) } } ?? false
    case nil: false
    }
  }

  /// `If-Range` holds where its strong tag, or its exact date, is the current one (section 13.1.5).
  private static func honorsRange(_ fields: HTTPFields, entityTag: EntityTag?, lastModified: Int64?) -> Bool {
    guard let value = fields[.ifRange] else { return true }
    if let tag = EntityTag(parsing: value) { return entityTag.map(tag.matchesStrongly) ?? false }
    guard let date = HTTPDate.parse(value) else { return false }
    return date == lastModified
  }

  /// A date that cannot be read is passed over (sections 13.1.3 and 13.1.4).
  private static func date(_ fields: HTTPFields, _ name: HTTPField.Name) -> Int64? {
    fields[name].flatMap(HTTPDate.parse)
  }
}
