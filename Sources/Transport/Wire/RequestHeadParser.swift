import HTTPTypes

/// Reads the heads of requests from a stream of bytes, however it is cut (RFC 9112 sections 2 to 5).
///
/// After an error the stream is lost: nothing after it can be trusted to be the start of a message.
package struct RequestHeadParser: Sendable {
  /// What a feed led to.
  package enum Progress: Hashable, Sendable {
    /// All bytes were taken in and the head goes on.
    case needMore
    /// A head; `consumed` bytes of this feed belong to it, and the rest follows it.
    case head(RequestHead, consumed: Int)
  }

  private struct RequestLine {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion
  }

  private let limits: HeadLimits
  private var lines = LineReader()
  private var requestLine: RequestLine?
  private var section: FieldSection
  private var skippedEmptyLine = false

  /// A parser at the start of a stream.
  package init(limits: HeadLimits = HeadLimits()) {
    self.limits = limits
    section = FieldSection(limits: limits)
  }

  /// Whether no byte of an unfinished head is held: the connection is idle rather than slow.
  package var isIdle: Bool { requestLine == nil && lines.isAtLineStart && !skippedEmptyLine }

  /// Takes in bytes up to the end of a head.
  /// - Throws: the error to answer before the connection is closed.
  package mutating func feed(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Progress {
    var rest = bytes
    while let line = try nextLine(&rest) {
      guard let start = requestLine else {
        if line.isEmpty, !skippedEmptyLine {
          // RFC 9112 section 2.2: one empty line before a request is a habit of old clients.
          skippedEmptyLine = true
        } else {
          requestLine = try parseRequestLine(line)
        }
        continue
      }
      guard line.isEmpty else {
        try section.append(line)
        continue
      }
      let head = try RequestHead(
        method: start.method, target: start.target, version: start.version, fields: section.fields)
      self = RequestHeadParser(limits: limits)
      return .head(head, consumed: rest.startIndex - bytes.startIndex)
    }
    return .needMore
  }

  private mutating func nextLine(_ bytes: inout ArraySlice<UInt8>) throws(StatusError) -> ArraySlice<UInt8>? {
    let isFirst = requestLine == nil
    do throws(LineReader.Fault) {
      return try lines.next(&bytes, limit: isFirst ? limits.startLineBytes : max(section.remainingBytes, 0))
    } catch {
      throw error.error(tooLong: isFirst ? targetTooLong : section.tooLarge)
    }
  }

  private var targetTooLong: StatusError {
    StatusError(
      .resourceExhausted, "the target is longer than \(limits.targetBytes) bytes: send a shorter one",
      status: .uriTooLong, limit: .targetBytes)
  }

  private func parseRequestLine(_ line: ArraySlice<UInt8>) throws(StatusError) -> RequestLine {
    let parts = line.split(separator: ASCII.space, omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw StatusError(
        .invalidArgument,
        "request line '\(line.printable)' must be method, target and version with one space between")
    }
    guard parts[0].count <= 32, parts[0].allSatisfy(ASCII.isToken),
      let method = HTTPRequest.Method(rawValue: String(decoding: parts[0], as: UTF8.self))
    else {
      throw StatusError(.invalidArgument, "method '\(parts[0].printable)' is not a token of 1 to 32 characters")
    }
    let version: HTTPVersion
    switch HTTPVersion.read(parts[2]) {
    case .version(let known): version = known
    case .unsupported:
      throw StatusError(
        .unimplemented, "version '\(parts[2].printable)' is not spoken here: use HTTP/1.1",
        status: .httpVersionNotSupported)
    case .malformed:
      throw StatusError(.invalidArgument, "version '\(parts[2].printable)' is malformed: use HTTP/1.1")
    }
    if parts[1].count > limits.targetBytes { throw targetTooLong }
    guard !parts[1].isEmpty else { throw StatusError(.invalidArgument, "the target is empty: it must start with '/'") }
    return RequestLine(method: method, target: try RequestTarget(parts[1], method: method), version: version)
  }
}
