import HTTPTypes

/// Reads the heads of answers from a stream of bytes, however it is cut (RFC 9112 sections 4 and 5).
package struct ResponseHeadParser: Sendable {
  /// What a feed led to.
  package enum Progress: Hashable, Sendable {
    /// All bytes were taken in and the head goes on.
    case needMore
    /// A head; `consumed` bytes of this feed belong to it, and the rest follows it.
    case head(ResponseHead, consumed: Int)
  }

  private let limits: HeadLimits
  private var lines = LineReader()
  private var statusLine: (HTTPResponse.Status, HTTPVersion)?
  private var section: FieldSection

  /// A parser at the start of an answer.
  package init(limits: HeadLimits = HeadLimits()) {
    self.limits = limits
    section = FieldSection(limits: limits)
  }

  /// Whether no byte of an unfinished head is held.
  package var isIdle: Bool { statusLine == nil && lines.isAtLineStart }

  /// Takes in bytes up to the end of a head.
  /// - Throws: `internal` with what is malformed.
  package mutating func feed(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Progress {
    do throws(StatusError) {
      return try read(bytes)
    } catch {
      throw StatusError(.internalError, "malformed answer: \(error.message)")
    }
  }

  private mutating func read(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Progress {
    var rest = bytes
    while let line = try nextLine(&rest) {
      guard let (status, version) = statusLine else {
        statusLine = try ResponseHeadParser.parseStatusLine(line)
        continue
      }
      guard line.isEmpty else {
        try section.append(line)
        continue
      }
      let head = ResponseHead(status: status, version: version, fields: section.fields)
      self = ResponseHeadParser(limits: limits)
      return .head(head, consumed: rest.startIndex - bytes.startIndex)
    }
    return .needMore
  }

  private mutating func nextLine(_ bytes: inout ArraySlice<UInt8>) throws(StatusError) -> ArraySlice<UInt8>? {
    let isFirst = statusLine == nil
    do throws(LineReader.Fault) {
      return try lines.next(&bytes, limit: isFirst ? limits.startLineBytes : max(section.remainingBytes, 0))
    } catch {
      throw error.error(
        tooLong: isFirst ? StatusError(.internalError, "the status line is too long") : section.tooLarge)
    }
  }

  /// Reads `HTTP/1.1 200 OK`; the reason may be empty, and its space missing.
  private static func parseStatusLine(
    _ line: ArraySlice<UInt8>
  ) throws(StatusError) -> (HTTPResponse.Status, HTTPVersion) {
    guard case .version(let version) = HTTPVersion.read(line.prefix(8)) else {
      throw StatusError(.internalError, "status line '\(line.printable)' does not start with HTTP/1.1")
    }
    let rest = line.dropFirst(8)
    let digits = rest.dropFirst().prefix(3)
    let reason = rest.dropFirst(4)
    guard rest.first == ASCII.space, digits.count == 3, let code = ASCII.decimal(digits), code >= 100,
      reason.isEmpty || reason.first == ASCII.space, reason.allSatisfy(ASCII.isFieldValue)
    else {
      throw StatusError(.internalError, "status line '\(line.printable)' has no status of three digits")
    }
    let text = String(decoding: reason.dropFirst(), as: UTF8.self)
    return (HTTPResponse.Status(code: code, reasonPhrase: text), version)
  }
}
