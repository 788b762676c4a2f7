/// The name of one state of a resource (RFC 9110 section 8.8.3).
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
  /// What stands between the quotes.
  package let value: String
  /// Whether it only promises an equivalent body, not the same bytes.
  package let isWeak: Bool

  /// A tag; nil where `value` holds a quote, white space or a control character.
  package init?(_ value: String, isWeak: Bool = false) {
    guard value.utf8.allSatisfy(EntityTag.isTagCharacter) else { return nil }
    self.value = value
    self.isWeak = isWeak
  }

  /// Reads one tag, as in `ETag`; nil for any other text.
  package init?(parsing text: String) {
    var bytes = [UInt8](text.utf8)[...]
    guard let tag = EntityTag.take(from: &bytes), bytes.isEmpty else { return nil }
    self = tag
  }

  /// The tag as it stands in a field.
  package var description: String { (isWeak ? "W/\"" : "\"") + value + "\"" }

  /// Whether both are strong and alike (RFC 9110 section 8.8.3.2).
  package func matchesStrongly(_ other: EntityTag) -> Bool {
    !isWeak && !other.isWeak && value == other.value
  }

  /// Whether they are alike, strong or not.
  package func matchesWeakly(_ other: EntityTag) -> Bool { value == other.value }

  /// A list of tags, or `*` for any; nil for a malformed one.
  package enum List: Hashable, Sendable {
    case any
    case tags([EntityTag])

    /// Reads the value of `If-Match` or `If-None-Match`.
    package init?(parsing text: String) {
      var bytes = ASCII.trim([UInt8](text.utf8)[...])
      if bytes == [0x2A] {
        self = .any
        return
      }
      var tags: [EntityTag] = []
      while true {
        bytes = bytes.drop { ASCII.isWhitespace($0) || $0 == 0x2C }
        if bytes.isEmpty { break }
        guard let tag = EntityTag.take(from: &bytes) else { return nil }
        tags.append(tag)
        bytes = bytes.drop(while: ASCII.isWhitespace)
        guard bytes.isEmpty || bytes.first == 0x2C else { return nil }
      }
      if tags.isEmpty { return nil }
      self = .tags(tags)
    }
  }

  private static func take(from bytes: inout ArraySlice<UInt8>) -> EntityTag? {
    var rest = bytes
    let isWeak = rest.starts(with: [0x57, 0x2F])
    if isWeak { rest = rest.dropFirst(2) }
    guard rest.first == 0x22 else { return nil }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: 0x22) else { return nil }
    guard let tag = EntityTag(String(decoding: rest[..<end], as: UTF8.self), isWeak: isWeak) else { return nil }
    bytes = rest[(end + 1)...]
    return tag
  }

  private static func isTagCharacter(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != 0x22 && byte != 0x7F
  }
}
