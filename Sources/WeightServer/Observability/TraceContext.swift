import Platform

/// The `traceparent` field of W3C's Trace Context (section 3.2): the trace that a request is part of.
struct TraceContext: Hashable, Sendable {
  /// The trace, 32 hexadecimal digits.
  let traceID: String
  /// The caller's span, 16 hexadecimal digits.
  let parentID: String
  /// The caller's flags, 2 hexadecimal digits.
  let flags: String

  /// Reads the field's value; nil where it is malformed, which the recommendation has one treat as if there were none.
  init?(_ field: String) {
    let bytes = Array(field.utf8)
    guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D else { return nil }
    let (version, trace, parent, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
    guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(TraceContext.isDigit) }) else { return nil }
    guard !version.elementsEqual("ff".utf8), trace.contains(where: { $0 != 0x30 }),
      parent.contains(where: { $0 != 0x30 })
    else { return nil }
    // Version 00 ends here; a later one may go on behind another dash.
    guard bytes.count == 55 || !version.elementsEqual("00".utf8) && bytes[55] == 0x2D else { return nil }
    traceID = String(decoding: trace, as: UTF8.self)
    parentID = String(decoding: parent, as: UTF8.self)
    self.flags = String(decoding: flags, as: UTF8.self)
  }

  /// A new name for a span: 16 hexadecimal digits that are not all zero.
  static func makeSpanID() -> String {
    let number = UInt64.random(in: 1...UInt64.max)
    return (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }.hexadecimal
  }

  /// The value of the answer's `traceresponse` (Trace Context, level 2) for a span of ours.
  func response(span: String) -> String { "00-\(traceID)-\(span)-\(flags)" }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}
