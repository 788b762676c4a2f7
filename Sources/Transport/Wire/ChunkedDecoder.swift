import HTTPTypes

/// Takes chunked framing off a body (RFC 9112 section 7.1). Extensions and trailers are bounded, checked and dropped.
package struct ChunkedDecoder: Sendable {
  /// What stands at the front of the bytes that were fed.
  package enum Step: Hashable, Sendable {
    /// Body bytes, at these indices of what was fed; what follows them is to be fed next.
    case data(Range<Int>)
    /// All that was fed is taken in.
    case needMore
    /// The body is over; what follows this index belongs to the next message.
    case end(Int)
  }

  private enum State: Hashable {
    case size
    case data(remaining: Int)
    case dataEnd
    case trailers
    case finished
  }

  /// Bytes of all extensions of a body together.
  private static let extensionLimit = 8 * 1024
  /// Bytes of one line that gives a size.
  private static let sizeLineLimit = 1024

  private var state = State.size
  private var lines = LineReader()
  private var extensionBytes = 0
  private var trailers: FieldSection

  /// A decoder at the start of a body.
  package init() {
    var limits = HeadLimits()
    limits.fieldBytes = 8 * 1024
    trailers = FieldSection(limits: limits)
  }

  /// Bytes of the current chunk that are still to come.
  package var remaining: Int { if case .data(let remaining) = state { remaining } else { 0 } }

  /// Whether the body is over.
  package var isFinished: Bool { state == .finished }

  /// Reads up to the end of one run of body bytes. To be called again with what is left until it answers `needMore` or `end`.
  /// - Throws: `invalid_argument` for malformed framing, `resource_exhausted` for too much of it.
  package mutating func next(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Step {
    var rest = bytes
    while true {
      switch state {
      case .finished: return .end(rest.startIndex)
      case .data(let remaining):
        if rest.isEmpty { return .needMore }
        let count = min(remaining, rest.count)
        state = count == remaining ? .dataEnd : .data(remaining: remaining - count)
        return .data(rest.startIndex..<rest.startIndex + count)
      case .size:
        guard let line = try nextLine(&rest, limit: ChunkedDecoder.sizeLineLimit) else { return .needMore }
        let size = try parseSize(line)
        state = size == 0 ? .trailers : .data(remaining: size)
      case .dataEnd:
        guard let line = try nextLine(&rest, limit: 0) else { return .needMore }
        guard line.isEmpty else { throw ChunkedDecoder.overlong }
        state = .size
      case .trailers:
        guard let line = try nextLine(&rest, limit: max(trailers.remainingBytes, 0)) else { return .needMore }
        if line.isEmpty { state = .finished } else { try trailers.append(line) }
      }
    }
  }

  private static let overlong = StatusError(.invalidArgument, "a chunk is longer than the size that it states")

  private mutating func nextLine(
    _ bytes: inout ArraySlice<UInt8>, limit: Int
  ) throws(StatusError) -> ArraySlice<UInt8>? {
    do throws(LineReader.Fault) {
      return try lines.next(&bytes, limit: limit)
    } catch {
      switch state {
      case .dataEnd: throw error.error(tooLong: ChunkedDecoder.overlong)
      case .trailers: throw error.error(tooLong: trailers.tooLarge)
      default:
        throw error.error(
          tooLong: StatusError(.invalidArgument, "a chunk's size line is longer than \(limit) bytes"))
      }
    }
  }

  /// Reads hexadecimal digits and, after a semicolon, extensions.
  private mutating func parseSize(_ line: ArraySlice<UInt8>) throws(StatusError) -> Int {
    let digits = line.prefix { ASCII.hexadecimalValue($0) != nil }
    let rest = line[digits.endIndex...].drop(while: ASCII.isWhitespace)
    guard !digits.isEmpty, rest.isEmpty ? digits.endIndex == line.endIndex : rest.first == 0x3B,
      rest.allSatisfy(ASCII.isFieldValue)
    else {
      throw StatusError(.invalidArgument, "chunk size '\(line.printable)' is not a hexadecimal number")
    }
    extensionBytes += line.count - digits.count
    if extensionBytes > ChunkedDecoder.extensionLimit {
      throw StatusError(
        .resourceExhausted, "the chunk extensions are larger than \(ChunkedDecoder.extensionLimit) bytes",
        status: .contentTooLarge)
    }
    var size = 0
    for digit in digits {
      let (product, overflow) = size.multipliedReportingOverflow(by: 16)
      guard !overflow, digits.count <= 16, let value = ASCII.hexadecimalValue(digit) else {
        throw StatusError(.invalidArgument, "chunk size '\(digits.printable)' is too large")
      }
      size = product | Int(value)
    }
    return size
  }
}
