internal import Transport

/// The value of `Content-Range` of an answer with one range (RFC 9110, section 14.4).
struct ContentRange: Hashable, Sendable {
  /// Which bytes of the whole the body has.
  let range: Range<Int>
  /// Bytes of the whole.
  let total: Int

  /// Reads `bytes FIRST-LAST/TOTAL`; nil for any other text, and for an unknown total.
  init?(parsing text: String) {
    guard text.utf8.prefix(6).elementsEqual("bytes ".utf8) else { return nil }
    let parts = text.utf8.dropFirst(6).split(separator: 0x2F, omittingEmptySubsequences: false)
    guard parts.count == 2, let total = ASCII.decimal(parts[1]) else { return nil }
    let ends = parts[0].split(separator: 0x2D, omittingEmptySubsequences: false)
    guard ends.count == 2, let first = ASCII.decimal(ends[0]), let last = ASCII.decimal(ends[1]),
      first <= last, last < total
    else { return nil }
    range = first..<last + 1
    self.total = total
  }
}
