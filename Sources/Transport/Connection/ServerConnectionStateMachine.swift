import HTTPTypes

/// The life of a server's connection: what to do about each thing that happens to it. It knows no socket, clock or queue.
///
/// One request is answered at a time: bytes of later ones wait until its answer is sent. An answer to a request that could not be
/// read is the last one; after it the client's bytes are thrown away for a while, so that closing does not take the answer from it.
struct ServerConnectionStateMachine {
  /// What the driver is to do. Whether to read on is in `wantsInput`, which time runs in `timer`.
  enum Action {
    /// Nothing until the next event.
    case wait
    /// Send the interim answer that makes the client send its body.
    case sendContinue
    /// Give the request to the handler.
    case handle(RequestHead, body: [UInt8])
    /// Send an answer from its first byte, in place of any that has not begun.
    case send(OutgoingResponse)
    /// End the sending direction, and throw away what comes.
    case endSending
    /// Close. All that was sent has been, or nobody wants it.
    case close
    /// Close so that the client notices that what it has is not whole.
    case reset
  }

  /// What a connection can take too long about.
  enum Timer: Hashable {
    case idle
    case head
    case body
    case sending
    case lingering
  }

  private struct Exchange {
    /// Nil where no request could be read.
    let method: HTTPRequest.Method?
    let version: HTTPVersion
    let keepsAlive: Bool
  }

  private enum State {
    case readingHead(RequestHeadParser)
    case readingBody(RequestBodyReader)
    case handling(Exchange)
    case responding(Exchange, closes: Bool, hasBegun: Bool)
    case lingering(discarded: Int)
    case closed
  }

  private let limits: ConnectionLimits
  private var state: State
  /// Bytes that follow the current request.
  private var pending: [UInt8] = []
  private var inputHasEnded = false
  private var isDraining = false
  /// The number of the current request, or of the refusal that stands in for one: an answer must name it.
  private(set) var exchange: UInt64 = 0

  /// A connection on which nothing was received.
  init(limits: ConnectionLimits) {
    self.limits = limits
    state = .readingHead(RequestHeadParser(limits: limits.head))
  }

  /// Whether the driver should read.
  var wantsInput: Bool {
    switch state {
    case .closed: false
    case .readingHead, .readingBody, .lingering: !inputHasEnded
    case .handling, .responding: !inputHasEnded && pending.count < limits.pipelineBytes
    }
  }

  /// Which time runs. `sending` runs only while the client takes nothing.
  var timer: Timer? {
    switch state {
    case .readingHead(let parser): parser.isIdle ? .idle : .head
    case .readingBody: .body
    case .responding: .sending
    case .lingering: .lingering
    case .handling, .closed: nil
    }
  }

  /// Whether the current request is the last that this connection may bring.
  var isAtRequestLimit: Bool { exchange >= UInt64(clamping: limits.requestsPerConnection) }

  /// Bytes of requests that are in memory.
  var heldBytes: Int {
    if case .readingBody(let reader) = state { return reader.body.count + pending.count }
    return pending.count
  }

  /// Whether the connection is over.
  var isClosed: Bool {
    if case .closed = state { true } else { false }
  }

  /// Bytes came.
  mutating func received(_ bytes: ArraySlice<UInt8>, date: String) -> Action {
    switch state {
    case .readingHead, .readingBody: return advance(bytes, date: date)
    case .handling, .responding:
      pending += bytes
      return .wait
    case .lingering(let discarded):
      let sum = discarded + bytes.count
      if sum > limits.lingeringBytes { return closing(.close) }
      state = .lingering(discarded: sum)
      return .wait
    case .closed: return .wait
    }
  }

  /// Whether what comes next begins a head.
  var isBetweenRequests: Bool {
    if case .readingHead(let parser) = state { parser.isIdle } else { false }
  }

  /// A whole head without a body came, between requests, whose bytes were read before.
  mutating func received(_ head: RequestHead) -> Action {
    handle(head, body: [], rest: [])
  }

  /// Whether something was received behind the current request.
  var hasPending: Bool { !pending.isEmpty }

  /// The client sends no more.
  mutating func receivedEnd() -> Action {
    inputHasEnded = true
    switch state {
    case .readingHead, .readingBody, .lingering: return closing(.close)
    // The client may have ended only its own direction, and waits for answers.
    case .handling, .responding, .closed: return .wait
    }
  }

  /// The handler, or what stands in for it, has an answer to the request numbered `exchange`.
  /// - Returns: nil where that answer comes too late.
  mutating func respond(_ response: Response, to exchange: UInt64, date: String) -> Action? {
    guard exchange == self.exchange, case .handling(let current) = state else { return nil }
    return begin(response, current, date: date)
  }

  /// The first byte of the answer has left.
  mutating func began() {
    if case .responding(let exchange, let closes, false) = state {
      state = .responding(exchange, closes: closes, hasBegun: true)
    }
  }

  /// The answer to the request numbered `exchange` cannot be gone on with: its source failed, or its deadline passed.
  mutating func failed(_ error: StatusError, in exchange: UInt64, date: String) -> Action {
    guard exchange == self.exchange else { return .wait }
    switch state {
    case .handling(let current), .responding(let current, _, hasBegun: false):
      return begin(Response(error), current, date: date)
    case .responding: return closing(.reset)
    case .readingHead, .readingBody, .lingering, .closed: return .wait
    }
  }

  /// The whole answer has left.
  mutating func sent(date: String) -> Action {
    guard case .responding(_, let closes, _) = state else { return .wait }
    if closes { return endSending() }
    state = .readingHead(RequestHeadParser(limits: limits.head))
    let bytes = pending
    pending = []
    let action = bytes.isEmpty ? .wait : advance(bytes[...], date: date)
    guard case .wait = action else { return action }
    if inputHasEnded { return closing(.close) }
    return isDraining && timer == .idle ? endSending() : .wait
  }

  /// The time that `timer` named is over.
  mutating func timedOut(date: String) -> Action {
    switch state {
    case .readingHead(let parser):
      if parser.isIdle { return closing(.close) }
      return refuse(tooSlow("head", limits.headTime, .headTime), date: date)
    case .readingBody: return refuse(tooSlow("body", limits.bodyTime, .bodyTime), date: date)
    case .responding: return closing(.reset)
    case .lingering: return closing(.close)
    case .handling, .closed: return .wait
    }
  }

  /// The server stops: the current request is the last one.
  mutating func drain() -> Action {
    isDraining = true
    guard timer == .idle else { return .wait }
    return closing(.close)
  }

  /// There is no room for this connection: its first and last answer says so.
  mutating func refuse(_ error: StatusError, date: String) -> Action {
    exchange += 1
    let none = Exchange(method: nil, version: .http11, keepsAlive: false)
    return begin(Response(error), none, date: date, refusal: error)
  }

  /// Nothing will be asked that could be answered: what comes is thrown away for a while, so that what was sent arrives.
  mutating func giveUp() -> Action {
    endSending()
  }

  /// There is no room for more of a body that is being received.
  /// - Returns: nil where none is.
  mutating func refuseBody(_ error: StatusError, date: String) -> Action? {
    guard case .readingBody = state else { return nil }
    return refuse(error, date: date)
  }

  /// The socket failed, or the server gives the connection up.
  mutating func abort() -> Action {
    switch state {
    case .handling, .responding: closing(.reset)
    case .readingHead, .readingBody, .lingering: closing(.close)
    case .closed: .wait
    }
  }

  private mutating func advance(_ bytes: ArraySlice<UInt8>, date: String) -> Action {
    do throws(StatusError) {
      return try read(bytes)
    } catch {
      return refuse(error, date: date)
    }
  }

  private mutating func read(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> Action {
    switch state {
    case .readingHead(var parser):
      // Here and below the local value must be the only one to hold its bytes, or each feed would copy them.
      state = .closed
      let progress = try parser.feed(bytes)
      state = .readingHead(parser)
      guard case .head(let head, let consumed) = progress else { return .wait }
      let rest = bytes.dropFirst(consumed)
      if head.framing == .none { return handle(head, body: [], rest: rest) }
      state = .readingBody(try RequestBodyReader(head: head, limit: limits.bodyBytes))
      // RFC 9110 section 10.1.1: a client that has begun to send its body is not waiting.
      if rest.isEmpty { return head.expectsContinue ? .sendContinue : .wait }
      return try read(rest)
    case .readingBody(var reader):
      state = .closed
      guard case .whole(let end) = try reader.feed(bytes) else {
        state = .readingBody(reader)
        return .wait
      }
      return handle(reader.head, body: reader.body, rest: bytes[end...])
    case .handling, .responding, .lingering, .closed: return .wait
    }
  }

  private mutating func handle(_ head: RequestHead, body: [UInt8], rest: ArraySlice<UInt8>) -> Action {
    pending = Array(rest)
    exchange += 1
    state = .handling(Exchange(method: head.method, version: head.version, keepsAlive: head.keepsAlive))
    return .handle(head, body: body)
  }

  private mutating func begin(
    _ response: Response, _ exchange: Exchange, date: String, refusal: StatusError? = nil
  ) -> Action {
    let isLast = isDraining || (inputHasEnded && pending.isEmpty) || isAtRequestLimit
    let closes = !exchange.keepsAlive || response.closesConnection || isLast
    state = .responding(exchange, closes: closes, hasBegun: false)
    var outgoing = OutgoingResponse(
      response, method: exchange.method, version: exchange.version, closes: closes, date: date)
    outgoing.refusal = refusal
    return .send(outgoing)
  }

  private mutating func endSending() -> Action {
    pending = []
    if inputHasEnded { return closing(.close) }
    state = .lingering(discarded: 0)
    return .endSending
  }

  private mutating func closing(_ action: Action) -> Action {
    pending = []
    state = .closed
    return action
  }

  private func tooSlow(_ part: String, _ time: Duration, _ limit: Limit) -> StatusError {
    StatusError(
      .deadlineExceeded, "the request's \(part) took longer than \(time): send it at once",
      status: .requestTimeout, limit: limit)
  }
}
