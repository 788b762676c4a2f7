/// What a Range field asks of a representation (RFC 9110 section 14).
///
/// As nginx and Go's `net/http` (`parseRange`, `serveContent`) do: a malformed set of bytes is not satisfiable, another unit, too
/// many ranges, or ranges that add up to more than the whole are passed over, and so the whole is sent.
package enum ByteRanges: Hashable, Sendable {
  /// The field is to be passed over.
  case whole
  /// Ranges within the representation, none empty, in the order asked for; at least one.
  case ranges([Range<Int>])
  /// No range lies within the representation, or the field is malformed.
  case unsatisfiable

  /// Ranges that are looked at before the field is passed over.
  package static let limit = 64

  /// Reads the field's value for a representation of `length` bytes.
  package static func parse(_ value: String, length: Int) -> ByteRanges {
    let bytes = [UInt8](value.utf8)[...]
    guard let equals = bytes.firstIndex(of: 0x3D) else { return .unsatisfiable }
    guard ASCII.isEqual(ASCII.trim(bytes[..<equals]), ignoringCase: "bytes"), length > 0 else { return .whole }
    var ranges: [Range<Int>] = []
    var total = 0
    var count = 0
    for part in bytes[(equals + 1)...].split(separator: 0x2C) {
      let specification = ASCII.trim(part)
      if specification.isEmpty { continue }
      count += 1
      if count > limit { return .whole }
      guard let bounds = Bounds(specification) else { return .unsatisfiable }
      guard let range = bounds.range(within: length) else { continue }
      ranges.append(range)
      let (sum, overflow) = total.addingReportingOverflow(range.count)
      total = overflow ? Int.max : sum
    }
    if ranges.isEmpty { return .unsatisfiable }
    return total > length ? .whole : .ranges(ranges)
  }

  /// One range as it is written.
  private enum Bounds {
    case from(Int, through: Int?)
    case suffix(Int)

    init?(_ text: ArraySlice<UInt8>) {
      guard let dash = text.firstIndex(of: 0x2D) else { return nil }
      let first = ASCII.trim(text[..<dash])
      let last = ASCII.trim(text[(dash + 1)...])
      switch (first.isEmpty, last.isEmpty) {
      case (true, true): return nil
      case (true, false):
        guard let count = Bounds.position(last) else { return nil }
        self = .suffix(count)
      case (false, true):
        guard let start = Bounds.position(first) else { return nil }
        self = .from(start, through: nil)
      case (false, false):
        guard let start = Bounds.position(first), let end = Bounds.position(last), start <= end else { return nil }
        self = .from(start, through: end)
      }
    }

    /// A number, one too large for any file taken as the largest.
    private static func position(_ digits: ArraySlice<UInt8>) -> Int? {
      guard digits.allSatisfy(ASCII.isDigit) else { return nil }
      return ASCII.decimal(digits) ?? Int.max
    }

    func range(within length: Int) -> Range<Int>? {
      switch self {
      case .suffix(let count): count == 0 ? nil : length - min(count, length)..<length
      case .from(let start, let end): start >= length ? nil : start..<min(end ?? length - 1, length - 1) + 1
      }
    }
  }
}
