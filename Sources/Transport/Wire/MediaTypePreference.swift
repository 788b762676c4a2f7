/// What a request's `Accept` says of two media types (RFC 9110 section 12.5.1).
package enum MediaTypePreference {
  /// Whether `first` is wanted more than `second`. What is malformed counts as not said.
  /// - Parameter accept: the field's value; nil where there is none, which wants all alike.
  package static func prefers(_ first: String, to second: String, in accept: String?) -> Bool {
    guard let accept else { return false }
    let ranges = ASCII.list(accept).map { Range($0) }
    return quality(of: first, in: ranges) > quality(of: second, in: ranges)
  }

  /// One element of the list.
  private struct Range {
    let type: String
    /// In thousandths.
    let quality: Int

    init(_ element: ArraySlice<UInt8>) {
      let parts = element.split(separator: 0x3B).map { String(decoding: ASCII.trim($0), as: UTF8.self).lowercased() }
      type = parts.first ?? ""
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
      quality = weight.map { Int((Double($0) ?? 0).clamped * 1000) } ?? 1000
    }
  }

  /// The weight that the most specific range gives.
  private static func quality(of type: String, in ranges: [Range]) -> Int {
    let group = type.prefix { $0 != "/" } + "/*"
    for wanted in [type, String(group), "*/*"] {
      if let range = ranges.last(where: { $0.type == wanted }) { return range.quality }
    }
    return 0
  }
}

extension Double {
  fileprivate var clamped: Double { isNaN ? 0 : Swift.min(Swift.max(self, 0), 1) }
}
