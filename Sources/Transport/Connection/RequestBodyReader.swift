import HTTPTypes

/// Collects the body of a request under a limit.
struct RequestBodyReader: Sendable {
  /// The head that the body belongs to.
  let head: RequestHead
  /// What was collected.
  private(set) var body: [UInt8] = []
  private var decoder = ChunkedDecoder()
  private let limit: Int

  /// What a feed led to.
  enum Progress: Hashable {
    case needMore
    /// The body is whole; what follows this index of the feed belongs to the next request.
    case whole(Int)
  }

  /// Starts a body.
  /// - Throws: 413 where the head says that it is larger than `limit` bytes.
  init(head: RequestHead, limit: Int) throws(StatusError) {
    self.head = head
    self.limit = limit
    if case .length(let length) = head.framing, length > limit { throw RequestBodyReader.tooLarge(limit) }
  }

  /// Takes in bytes up to the end of the body.
  /// - Throws: 413 for a body that turns out larger than the limit, and what `ChunkedDecoder` throws.
  mutating func feed(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Progress {
    switch head.framing {
    case .none, .untilClose: return .whole(bytes.startIndex)
    case .length(let length):
      let part = bytes.prefix(length - body.count)
      body += part
      return body.count == length ? .whole(part.endIndex) : .needMore
    case .chunked:
      var rest = bytes
      while true {
        switch try decoder.next(rest) {
        case .needMore:
          // A chunk that states too much is not waited for.
          if decoder.remaining > limit - body.count { throw RequestBodyReader.tooLarge(limit) }
          return .needMore
        case .end(let index): return .whole(index)
        case .data(let range):
          if range.count > limit - body.count { throw RequestBodyReader.tooLarge(limit) }
          body += rest[range]
          rest = rest[range.upperBound...]
        }
      }
    }
  }

  private static func tooLarge(_ limit: Int) -> StatusError {
    StatusError(
      .resourceExhausted, "the request's body is larger than \(limit) bytes: send a shorter one",
      status: .contentTooLarge, limit: .bodyBytes)
  }
}
