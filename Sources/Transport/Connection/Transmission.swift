import HTTPTypes
import Platform

/// An answer on its way out: what is to be sent next, and one piece that is made ready meanwhile. It sends nothing itself.
struct Transmission {
  /// What is sent after the bytes in memory.
  enum Content {
    case none
    case file(SourceFile, offset: UInt64, count: Int)
    case buffer(ByteBuffer, start: Int)
    case scattered(ScatteredRest)
  }

  /// What stands ready, or is being made, behind the content.
  private enum LookAhead {
    case none
    case piece(BodyPiece)
    case filling
    case awaiting
    case filled(ByteBuffer)
    case located(ScatteredBytes)
    case finished
  }

  /// What there is to do next.
  enum Step {
    /// Something can be sent.
    case ready
    /// A worker must finish first.
    case waiting
    /// All was sent.
    case finished
    /// The body cannot be gone on with.
    case failed(StatusError)
  }

  /// Work that a worker is to be given.
  enum Fill: Sendable {
    /// Fill a buffer with so many bytes.
    case buffer(count: Int, @Sendable (ByteBuffer) throws -> Void)
    /// Bring a piece into memory.
    case location(any ScatteredPiece)
  }

  /// Takes what it calls when there is more.
  typealias Wait = @Sendable (@escaping @Sendable () -> Void) -> Void

  /// Bytes up to which pieces in memory are joined into one packet.
  private static let joinLimit = 64 * 1024

  /// Tells this transmission from the others of its connection.
  let number: UInt64
  /// The status, for the record.
  let status: HTTPResponse.Status
  /// Bytes of the largest window so far.
  private var windowBytes = 0
  /// Counts the bytes as they leave.
  let meter: SendMeter?
  /// Whom to tell how the sending ended.
  let onDelivery: (@Sendable (Response.Delivery) -> Void)?
  /// A descriptor that goes beside the first byte, and is let go then.
  private(set) var descriptor: PassedDescriptor?
  /// Bytes that were sent.
  private(set) var sent = 0
  /// What is sent after `memory`.
  private(set) var content = Content.none
  /// Work that is to be given to a worker now.
  private var wantedFill: Fill?
  /// What is to be told now whom to call when there is more.
  private var wantedWait: Wait?

  private var memoryBytes: [UInt8]
  private var memoryStart = 0
  private let takesScattered: Bool
  private var source: (any BodySource)?
  private var announced: Int
  private var lookAhead = LookAhead.none

  /// An answer of which nothing was sent.
  /// - Parameter takesScattered: whether the stream can send bytes from many places at once.
  init(_ outgoing: OutgoingResponse, number: UInt64, takesScattered: Bool = true) {
    self.number = number
    self.takesScattered = takesScattered
    status = outgoing.status
    meter = outgoing.meter
    onDelivery = outgoing.onDelivery
    descriptor = outgoing.descriptor
    memoryBytes = outgoing.head
    switch outgoing.body {
    case .none: announced = 0
    case .bytes(let bytes):
      announced = bytes.count
      source = PieceList([.bytes(bytes)])
    case .source(let length, let body):
      announced = length
      source = body
    }
  }

  /// Bytes in memory that are sent before the content.
  var memory: ArraySlice<UInt8> { memoryBytes[memoryStart...] }

  /// Bytes of it that are in memory of its own, or will be until it has ended: of windows there are two at a time.
  var heldBytes: Int {
    let content = if case .buffer(let buffer, _) = content { buffer.capacity } else { 0 }
    let next =
      switch lookAhead {
      case .piece(let piece): if case .bytes(let bytes) = piece { bytes.count } else { 0 }
      case .filled(let buffer): buffer.capacity
      case .filling: windowBytes
      case .located, .none, .awaiting, .finished: 0
      }
    // An array is held as a whole until its last byte has left.
    return memoryBytes.count + max(content + next, 2 * windowBytes)
  }

  /// Whether more follows the bytes in memory at once.
  var hasMore: Bool {
    switch (content, lookAhead) {
    case (.none, .none), (.none, .finished), (.none, .filling), (.none, .awaiting): false
    default: true
    }
  }

  /// Looks what can be sent. While nothing has left, the head waits for the first piece of the body, so that a failure of that
  /// can still be told.
  mutating func advance() -> Step {
    while true {
      if case .none = content {} else { return .ready }
      if let failure = prefetch() { return .failed(failure) }
      switch lookAhead {
      case .none, .finished: return memory.isEmpty ? .finished : .ready
      case .filling, .awaiting: return memory.isEmpty || sent == 0 ? .waiting : .ready
      case .filled(let buffer):
        content = .buffer(buffer, start: 0)
        lookAhead = .none
      case .located(let bytes):
        for file in bytes.files { if let failure = Transmission.check(file) { return .failed(failure) } }
        content = .scattered(ScatteredRest(bytes))
        lookAhead = .none
      case .piece(.file(let file, let offset, let count)):
        if let failure = Transmission.check(file) { return .failed(failure) }
        content = .file(file, offset: offset, count: count)
        lookAhead = .none
      case .piece(.bytes(let bytes)):
        if !memory.isEmpty, memory.count + bytes.count > Transmission.joinLimit { return .ready }
        if memory.isEmpty { (memoryBytes, memoryStart) = (bytes, 0) } else { memoryBytes += bytes }
        lookAhead = .none
        continue
      case .piece(.filled), .piece(.scattered), .piece(.awaited):
        preconditionFailure("a piece to come is taken for one that is there")
      }
      if let failure = prefetch() { return .failed(failure) }
    }
  }

  /// The work that a worker is to be given now, once.
  mutating func takeFill() -> Fill? {
    defer { wantedFill = nil }
    return wantedFill
  }

  /// What is to be told now whom to call when there is more, once.
  mutating func takeWait() -> Wait? {
    defer { wantedWait = nil }
    return wantedWait
  }

  /// The source has more to say.
  mutating func resume() {
    if case .awaiting = lookAhead { lookAhead = .none }
  }

  /// A worker has brought the piece into memory that was wanted.
  mutating func located(_ bytes: ScatteredBytes) {
    lookAhead = .located(bytes)
  }

  /// A worker has filled the buffer that was wanted.
  mutating func filled(_ buffer: ByteBuffer) {
    lookAhead = .filled(buffer)
  }

  /// Bytes of `memory` were sent.
  mutating func sentMemory(_ count: Int) {
    sent += count
    if count > 0 { descriptor = nil }
    memoryStart += count
    if memoryStart == memoryBytes.count { (memoryBytes, memoryStart) = ([], 0) }
  }

  /// Bytes of `content` were sent.
  /// - Returns: a buffer that is free again.
  mutating func sentContent(_ count: Int) -> ByteBuffer? {
    sent += count
    switch content {
    case .none: return nil
    case .file(let file, let offset, let total):
      content = count >= total ? .none : .file(file, offset: offset + UInt64(count), count: total - count)
      return nil
    case .buffer(let buffer, let start):
      let end = start + count
      content = end >= buffer.count ? .none : .buffer(buffer, start: end)
      return end >= buffer.count ? buffer : nil
    case .scattered(var rest):
      rest.removeFirst(count)
      content = rest.count == 0 ? .none : .scattered(rest)
      return nil
    }
  }

  /// What became of it.
  func delivery(isComplete: Bool) -> Response.Delivery {
    Response.Delivery(status: sent > 0 ? status : nil, bytesSent: sent, isComplete: isComplete)
  }

  /// The error that a file's change is, if it has changed.
  static func check(_ file: SourceFile) -> StatusError? {
    if file.isUnchanged() { return nil }
    return StatusError(
      .dataLoss, "\(file.path.utf8.printable) has changed since it was opened: reload the manifest")
  }

  /// Takes the next piece of the source if none stands ready, and checks that it was announced.
  private mutating func prefetch() -> StatusError? {
    guard case .none = lookAhead else { return nil }
    while var source {
      self.source = nil
      guard let piece = source.next() else { break }
      self.source = source
      if case .awaited(let begin) = piece {
        wantedWait = begin
        lookAhead = .awaiting
        return nil
      }
      let count = piece.count
      if count == 0 { continue }
      guard count > 0, count <= announced else {
        return StatusError(.internalError, "the body is longer than the announced length")
      }
      announced -= count
      look(at: piece)
      return nil
    }
    lookAhead = .finished
    return announced == 0 ? nil : StatusError(.internalError, "the body is \(announced) bytes shorter than announced")
  }

  /// A buffer is needed: of as much as it holds there are two, unless it is the first and last.
  private mutating func note(window count: Int) {
    windowBytes = max(windowBytes, announced == 0 && windowBytes == 0 ? count / 2 : count)
  }

  private mutating func look(at piece: BodyPiece) {
    switch piece {
    case .filled(let count, let fill):
      wantedFill = .buffer(count: count, fill)
      lookAhead = .filling
      note(window: count)
    case .scattered(let piece) where !takesScattered:
      wantedFill = .buffer(count: piece.count) { try piece.fill($0) }
      lookAhead = .filling
      note(window: piece.count)
    case .scattered(let piece):
      if let bytes = piece.present() {
        lookAhead = .located(bytes)
      } else {
        wantedFill = .location(piece)
        lookAhead = .filling
      }
    case .bytes, .file, .awaited: lookAhead = .piece(piece)
    }
  }
}
