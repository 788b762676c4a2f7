internal import HTTPTypes
internal import Platform
internal import Transport

/// One connection to a server, used by one exchange after another.
///
/// `@unchecked Sendable`: whoever took it from the pool, or made it, is the only one to touch it until it goes back.
final class ClientConnection: @unchecked Sendable {
  /// Whether an answer was read on it before: only then may the server have closed it between two requests.
  private(set) var wasUsed = false
  private let socket: OutgoingSocket
  private let address: ServerAddress
  private let inbox = ByteBuffer(capacity: 16 * 1024)
  /// Bytes that came with a head and belong to its body.
  private var pending: ArraySlice<UInt8> = []
  /// Whether the next byte on the connection begins an answer.
  private var isBetweenAnswers = true
  private var keepsAlive = true
  /// A descriptor that came beside the last head.
  private var passed: PassedDescriptor?

  /// Connects, over https with a handshake.
  init(
    to address: ServerAddress, tls: ClientTLS, within limit: Duration, cancel: CancelSignal
  ) throws(WeightClientError) {
    self.address = address
    let context: TLSContext? = if case .tls = address.endpoint { try tls.shared() } else { nil }
    do throws(OutgoingSocket.Failure) {
      switch address.endpoint {
      case .tcp(let host, let port), .tls(let host, let port):
        socket = try OutgoingSocket(host: host, port: port, tls: context, within: limit, cancel: cancel)
      case .unix(let path):
        socket = try OutgoingSocket(unixPath: path, within: limit, cancel: cancel)
      }
    } catch {
      throw WeightClientError(error, address: address, stage: "connection")
    }
  }

  /// Whether another request can be sent: the last answer was read whole, and the server keeps the connection open.
  var isReusable: Bool { isBetweenAnswers && keepsAlive && pending.isEmpty && socket.isQuiet }

  /// Sends a request without a body and reads the head of its answer. A head of an answer that has no body ends the exchange.
  func exchange(
    _ request: [UInt8], method: HTTPRequest.Method, within limit: Duration, cancel: CancelSignal,
    takesDescriptor: Bool = false
  ) throws(WeightClientError) -> ResponseHead {
    isBetweenAnswers = false
    passed = nil
    do throws(OutgoingSocket.Failure) {
      try socket.send(request, within: limit, cancel: cancel)
    } catch {
      throw failure(error, "request taken")
    }
    let end = ContinuousClock.now.advanced(by: limit)
    while true {
      let head = try readHead(until: end, cancel: cancel, takesDescriptor: takesDescriptor)
      if head.isInterim { continue }
      wasUsed = true
      keepsAlive = head.keepsAlive
      if try framing(of: head, method: method) == .none { isBetweenAnswers = true }
      return head
    }
  }

  private func readHead(
    until end: ContinuousClock.Instant, cancel: CancelSignal, takesDescriptor: Bool
  ) throws(WeightClientError) -> ResponseHead {
    var parser = ResponseHeadParser()
    while true {
      if pending.isEmpty {
        let remaining = ContinuousClock.now.duration(to: end)
        let count =
          takesDescriptor
          ? try receiveWithDescriptor(within: remaining, cancel: cancel)
          : try receive(into: inbox, most: inbox.capacity, within: remaining, cancel: cancel)
        guard count > 0 else { throw closed("before an answer") }
        pending = inbox.copyBytes()[...]
      }
      do throws(StatusError) {
        switch try parser.feed(pending) {
        case .needMore: pending = []
        case .head(let head, let consumed):
          pending = pending.dropFirst(consumed)
          return head
        }
      } catch {
        throw malformed(error)
      }
    }
  }

  /// Receives a part of a head, and the descriptor that came beside it.
  private func receiveWithDescriptor(within limit: Duration, cancel: CancelSignal) throws(WeightClientError) -> Int {
    do throws(OutgoingSocket.Failure) {
      let (count, number) = try socket.receiveWithDescriptor(into: inbox, within: limit, cancel: cancel)
      if let number { passed = PassedDescriptor(owning: Descriptor(owning: number)) }
      return count
    } catch {
      throw failure(error, "answer")
    }
  }

  /// The descriptor that came beside the last head; it is the caller's from here.
  func takeDescriptor() -> PassedDescriptor? {
    passed.take()
  }

  /// How the body of an answer ends.
  func framing(of head: ResponseHead, method: HTTPRequest.Method) throws(WeightClientError) -> BodyFraming {
    do throws(StatusError) {
      return try head.framing(for: method)
    } catch {
      throw malformed(error)
    }
  }

  // MARK: Bodies of known length

  /// Stores what is there of a body at the start of a buffer, at least one byte and at most `most`, which is what remains.
  func receiveBody(
    into buffer: ByteBuffer, most: Int, within limit: Duration, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    if !pending.isEmpty {
      let count = buffer.replace(with: pending.prefix(most))
      pending = pending.dropFirst(count)
      return count
    }
    let count = try receive(into: buffer, most: most, within: limit, cancel: cancel)
    guard count > 0 else { throw closed("with \(most) bytes of the body to come") }
    return count
  }

  /// Stores what is there of a body at the start of a range of memory, which is what remains. Returns how many bytes.
  func receiveBody(
    into memory: MemoryRegion, range: Range<Int>, within limit: Duration, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    if !pending.isEmpty {
      let bytes = pending.prefix(range.count)
      memory.write(bytes, at: range.lowerBound)
      pending = pending.dropFirst(bytes.count)
      return bytes.count
    }
    let count: Int
    do throws(OutgoingSocket.Failure) {
      count = try socket.receive(into: memory, range: range, within: limit, cancel: cancel)
    } catch {
      throw failure(error, "more of the answer")
    }
    guard count > 0 else { throw closed("with \(range.count) bytes of the body to come") }
    return count
  }

  /// Notes that a body was read to its end.
  func endBody() {
    isBetweenAnswers = true
  }

  // MARK: Small bodies

  /// Reads a whole body of any framing, at most `most` bytes.
  func readBody(
    of head: ResponseHead, method: HTTPRequest.Method, most: Int, within limit: Duration, cancel: CancelSignal
  ) throws(WeightClientError) -> [UInt8] {
    let body: [UInt8]
    switch try framing(of: head, method: method) {
    case .none: return []
    case .length(let count):
      guard count <= most else { throw tooLarge(most) }
      body = try readBody(most: count, within: limit, cancel: cancel, mayEnd: false)
    case .untilClose:
      keepsAlive = false
      body = try readBody(most: most + 1, within: limit, cancel: cancel, mayEnd: true)
      guard body.count <= most else { throw tooLarge(most) }
    case .chunked:
      body = try readChunks(most: most, within: limit, cancel: cancel)
    }
    endBody()
    return body
  }

  private func readBody(
    most: Int, within limit: Duration, cancel: CancelSignal, mayEnd: Bool
  ) throws(WeightClientError) -> [UInt8] {
    var body: [UInt8] = []
    while body.count < most {
      let missing = most - body.count
      if pending.isEmpty {
        guard try receive(into: inbox, most: inbox.capacity, within: limit, cancel: cancel) > 0 else {
          if mayEnd { break }
          throw closed("with \(missing) bytes of the body to come")
        }
        pending = inbox.copyBytes()[...]
      }
      body += pending.prefix(missing)
      pending = pending.dropFirst(missing)
    }
    return body
  }

  private func readChunks(most: Int, within limit: Duration, cancel: CancelSignal) throws(WeightClientError) -> [UInt8]
  {
    var decoder = ChunkedDecoder()
    var body: [UInt8] = []
    while true {
      do throws(StatusError) {
        switch try decoder.next(pending) {
        case .data(let range):
          guard range.count <= most - body.count else {
            throw StatusError(.internalError, "the body has more than \(most) bytes")
          }
          body += pending[range]
          pending = pending[range.upperBound...]
          continue
        case .end(let index):
          pending = pending[index...]
          return body
        case .needMore: break
        }
      } catch {
        throw malformed(error)
      }
      guard try receive(into: inbox, most: inbox.capacity, within: limit, cancel: cancel) > 0 else {
        throw closed("inside a chunked body")
      }
      pending = inbox.copyBytes()[...]
    }
  }

  private func receive(
    into buffer: ByteBuffer, most: Int, within limit: Duration, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    do throws(OutgoingSocket.Failure) {
      return try socket.receive(into: buffer, most: min(most, buffer.capacity), within: limit, cancel: cancel)
    } catch {
      throw failure(error, wasUsed ? "more of the answer" : "answer")
    }
  }

  // MARK: Errors

  private func failure(_ failure: OutgoingSocket.Failure, _ stage: String) -> WeightClientError {
    WeightClientError(failure, address: address, stage: stage)
  }

  private func closed(_ when: String) -> WeightClientError {
    WeightClientError(.connection, .unavailable, "\(address): the server closed the connection \(when)")
  }

  private func malformed(_ error: StatusError) -> WeightClientError {
    WeightClientError(.content, .internalError, "\(address): \(error.message)")
  }

  private func tooLarge(_ most: Int) -> WeightClientError {
    WeightClientError(.content, .resourceExhausted, "\(address): an answer of more than \(most) bytes")
  }
}
