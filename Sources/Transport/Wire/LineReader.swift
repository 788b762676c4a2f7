/// Cuts a stream of bytes into lines that end with CR LF, however the stream was cut before.
///
/// What it answers depends on the bytes alone and not on how they were fed. A line feed without a carriage return before it,
/// or a carriage return anywhere else, is refused: peers that disagree about them disagree about where a message ends
/// (RFC 9112 sections 2.2 and 11.2).
struct LineReader: Sendable {
  /// Why a stream cannot be cut.
  enum Fault: Error, Hashable {
    case tooLong
    case bareCarriageReturn
    case bareLineFeed
  }

  private var partial: [UInt8] = []

  /// Whether no byte of an unfinished line is held.
  var isAtLineStart: Bool { partial.isEmpty }

  /// The next line without its end, taken off the front of `bytes`; nil where all of `bytes` was kept for later.
  mutating func next(_ bytes: inout ArraySlice<UInt8>, limit: Int) throws(Fault) -> ArraySlice<UInt8>? {
    guard let end = bytes.firstIndex(of: ASCII.lineFeed) else {
      partial += bytes
      bytes = bytes[bytes.endIndex...]
      let held = partial.count - (partial.last == ASCII.carriageReturn ? 1 : 0)
      if held > limit { throw .tooLong }
      return nil
    }
    var line = bytes[..<end]
    bytes = bytes[(end + 1)...]
    if !partial.isEmpty {
      line = (partial + line)[...]
      partial.removeAll(keepingCapacity: true)
    }
    let ended = line.last == ASCII.carriageReturn
    if ended { line.removeLast() }
    if line.count > limit { throw .tooLong }
    if line.contains(ASCII.carriageReturn) { throw .bareCarriageReturn }
    guard ended else { throw .bareLineFeed }
    return line
  }
}

extension LineReader.Fault {
  /// The fault as an answer to the peer; `tooLong` is the caller's, who knows which limit it was.
  func error(tooLong: @autoclosure () -> StatusError) -> StatusError {
    switch self {
    case .tooLong: tooLong()
    case .bareCarriageReturn:
      StatusError(.invalidArgument, "a carriage return stands alone: lines must end with CR LF, and only there")
    case .bareLineFeed:
      StatusError(.invalidArgument, "a line ends with LF alone: lines must end with CR LF")
    }
  }
}
