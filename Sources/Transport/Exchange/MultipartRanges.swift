/// The body of an answer with several ranges: `multipart/byteranges` (RFC 9110 section 14.6).
struct MultipartRanges: BodySource {
  private enum Position {
    case part(Int)
    case content(Int, any BodySource)
    case finished
  }

  private let ranges: [Range<Int>]
  private let body: @Sendable (Range<Int>) -> any BodySource
  private let heads: [[UInt8]]
  private let end: [UInt8]
  private var position = Position.part(0)

  /// A body with a part for each range, all of which lie within the representation.
  init(_ ranges: [Range<Int>], of representation: Representation, contentType: String?, boundary: String) {
    self.ranges = ranges
    body = representation.body
    heads = ranges.enumerated().map { index, range in
      var head = index == 0 ? "" : "\r\n"
      head += "--\(boundary)\r\n"
      if let contentType { head += "Content-Type: \(contentType)\r\n" }
      head += "Content-Range: \(MultipartRanges.contentRange(range, of: representation.length))\r\n\r\n"
      return Array(head.utf8)
    }
    end = Array("\r\n--\(boundary)--\r\n".utf8)
  }

  /// Bytes of all parts with what stands between them; nil where that is no `Int`.
  var length: Int? {
    var length = end.count
    for count in heads.map(\.count) + ranges.map(\.count) {
      let (sum, overflow) = length.addingReportingOverflow(count)
      if overflow { return nil }
      length = sum
    }
    return length
  }

  mutating func next() -> BodyPiece? {
    switch position {
    case .finished: return nil
    case .part(let index):
      guard index < ranges.count else {
        position = .finished
        return .bytes(end)
      }
      position = .content(index, body(ranges[index]))
      return .bytes(heads[index])
    case .content(let index, var source):
      guard let piece = source.next() else {
        position = .part(index + 1)
        return next()
      }
      position = .content(index, source)
      return piece
    }
  }

  /// `bytes 0-4/10`.
  static func contentRange(_ range: Range<Int>, of length: Int) -> String {
    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
  }

  /// A boundary that nobody can have put into a body.
  static func randomBoundary() -> String {
    let digits = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
    return "part-" + digits.joined()
  }
}
