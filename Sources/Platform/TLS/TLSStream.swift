import COpenSSL
import Synchronization

/// A TLS session over a connected socket that does not block.
///
/// What is sent is encrypted into memory first and leaves in calls of many records; a call that took bytes may leave some of that
/// behind, which `flush` and every later call send on.
///
/// SAFETY: `@unchecked Sendable` because it has one user at a time, who hands it on with the reference: a connection's queue, a
/// worker that does its handshake, or the thread of a client's exchange.
@safe package final class TLSStream: @unchecked Sendable {
  /// The socket below.
  package let socket: Socket
  private let context: TLSContext
  private let session: OpaquePointer
  private let wire: TLSWire
  /// What sessions with the server are kept by, until one was.
  private var server: String?
  /// Set once a call failed: the session is good for nothing any more.
  private var isBroken = false
  private var hasSaidEnd = false

  /// Bytes of a record (RFC 8446, section 5.1).
  private static let recordSize = 16 * 1024

  /// A session that waits for a client's handshake.
  package convenience init(accepting socket: Socket, _ context: TLSContext) throws(TLSError) {
    try self.init(socket, context)
    unsafe SSL_set_accept_state(session)
  }

  init(_ socket: Socket, _ context: TLSContext, server: String? = nil) throws(TLSError) {
    self.socket = socket
    self.server = server
    self.context = context
    wire = TLSWire(socket)
    guard let session = unsafe SSL_new(context.pointer) else { throw TLSError(.settings, "SSL_new: out of memory") }
    guard let bio = unsafe wire.makeBIO() else {
      unsafe SSL_free(session)
      throw TLSError(.settings, "BIO_new: out of memory")
    }
    unsafe self.session = session
    // SAFETY: the session takes the one reference to the BIO for both directions, and is freed before the wire.
    unsafe SSL_set_bio(session, bio, bio)
  }

  deinit {
    // A session whose connection goes without a word counts as broken (ssl_clear_bad_session in ssl/ssl_sess.c), and no other would
    // go on with it.
    if !isBroken { unsafe SSL_set_shutdown(session, SSL_get_shutdown(session) | SSL_SENT_SHUTDOWN) }
    unsafe SSL_free(session)
  }

  /// The session, for what reads its properties.
  @unsafe var pointer: OpaquePointer { unsafe session }

  /// From now on memory is shared with the other sessions of a queue.
  package func share(_ buffers: TLSBuffers) {
    wire.buffers = buffers
  }

  // MARK: Handshake

  /// Whether a step of the handshake takes so long that it should have a thread to itself.
  package var isSlow: Bool { context.isSlow }

  /// What a handshake needs to go on.
  package enum Handshake: Hashable, Sendable {
    case isDone
    case wantsToReceive
    case wantsToSend
  }

  /// Goes on with the handshake as far as possible.
  package func handshake() throws(StreamError) -> Handshake {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(session)
    let next: Handshake = result == 1 ? .isDone : .wantsToReceive
    if result != 1 {
      switch unsafe SSL_get_error(session, result) {
      case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
      case let code:
        let error = failure(code)
        // The alert that says why.
        _ = try? wire.flush()
        throw error
      }
    }
    return try flush() ? next : .wantsToSend
  }

  // MARK: Receiving

  /// Receives into raw memory; answers how many bytes came, 0 where the peer has ended its direction, nil where none are there.
  @unsafe package func receive(into memory: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int? {
    guard memory.count > 0 else { return 0 }
    try expectWhole()
    ERR_clear_error()
    var total = 0
    while total < memory.count {
      var count = 0
      // SAFETY: the range lies within the caller's memory.
      let result = unsafe SSL_read_ex(
        session, memory.baseAddress?.advanced(by: total), memory.count - total, &count)
      if result == 1 {
        total += count
        if unsafe SSL_has_pending(session) == 1 { continue }
        break
      }
      let code = unsafe SSL_get_error(session, result)
      if code == SSL_ERROR_WANT_READ { break }
      // What came before the end is given first; the end is noticed again by the next call.
      if code == SSL_ERROR_ZERO_RETURN {
        if total == 0 { return 0 }
        break
      }
      if code == SSL_ERROR_WANT_WRITE {
        throw broken(TLSError(.wire, "the peer asks for keys faster than it receives"))
      }
      let error = failure(code)
      if total == 0 { throw error }
      pendingError = error
      break
    }
    if total > 0, let server { keepSession(of: server) }
    // The protocol itself may have answered: new keys, say.
    if wire.unsent > 0 { _ = try flush() }
    return total > 0 ? total : nil
  }

  /// Keeps the session for other connections to the server: its ticket came before its first answer.
  private func keepSession(of server: String) {
    self.server = nil
    guard let session = TLSSession(of: self) else { return }
    context.sessions.withLock { $0.keep(session, of: server) }
  }

  /// An error that came behind bytes that were given first.
  private var pendingError: StreamError?

  /// Whether bytes were received that nobody has taken yet, so that waiting for the socket would be in vain.
  package var hasPending: Bool { unsafe SSL_has_pending(session) == 1 || pendingError != nil }

  // MARK: Sending

  /// Sends what was encrypted before; false where the socket takes no more for the moment.
  package func flush() throws(StreamError) -> Bool {
    do throws(SystemError) {
      return try wire.flush()
    } catch {
      isBroken = true
      throw .system(error)
    }
  }

  /// Bytes that were encrypted and wait to be sent.
  package var unsent: Int { wire.unsent }

  /// Takes bytes to be sent, from the front of raw memory; answers how many, nil where what was taken before must leave first.
  /// With `more` the last of them may wait for what follows.
  @unsafe package func send(_ bytes: UnsafeRawBufferPointer, more: Bool) throws(StreamError) -> Int? {
    try expectWhole()
    if wire.unsent > TLSStream.recordSize, try !flush() { return nil }
    var taken = 0
    while taken < bytes.count {
      if !wire.hasRoomForRecord, try !flush() { break }
      let count = min(bytes.count - taken, TLSStream.recordSize)
      // SAFETY: the range lies within the caller's memory.
      unsafe try encrypt(UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
      taken += count
    }
    if !more || wire.unsent >= TLSBuffers.windowSize { _ = try flush() }
    return taken
  }

  /// Sends bytes of a file; answers how many were taken, 0 where the file has ended, nil as `send` does.
  package func send(
    _ file: SourceFile, offset: UInt64, count: Int, buffers: TLSBuffers
  ) throws(StreamError) -> Int? {
    try expectWhole()
    let window = buffers.window()
    var taken = 0
    while taken < count {
      // A head that waits leaves with the first window; more than that would keep the window from finding room.
      if wire.unsent > TLSStream.recordSize, try !flush() { break }
      let wanted = min(count - taken, window.capacity)
      let (position, overflow) = offset.addingReportingOverflow(UInt64(taken))
      if overflow { break }
      let got: Int
      do throws(SystemError) {
        // SAFETY: the range lies within the window.
        got = unsafe try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: window.storage[..<wanted]), at: position)
      } catch {
        throw .system(error)
      }
      if got == 0 { return taken }
      window.count = got
      guard let sent = unsafe try send(window.bytes, more: false) else { break }
      taken += sent
      if sent < got || wire.unsent > 0 { break }
    }
    return taken > 0 ? taken : nil
  }

  /// Tells the peer that nothing follows (close_notify). False where it must be tried again when the socket takes more.
  package func endSending() throws(StreamError) -> Bool {
    if isBroken { return true }
    if !hasSaidEnd {
      hasSaidEnd = true
      ERR_clear_error()
      _ = unsafe SSL_shutdown(session)
      ERR_clear_error()
    }
    return try flush()
  }

  @unsafe private func encrypt(_ bytes: UnsafeRawBufferPointer) throws(StreamError) {
    ERR_clear_error()
    var count = 0
    // SAFETY: the address and length are the buffer's own.
    let result = unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
    guard result == 1, count == bytes.count else { throw failure(unsafe SSL_get_error(session, result)) }
  }

  // MARK: Errors

  private func expectWhole() throws(StreamError) {
    if let error = pendingError { throw error }
    if isBroken { throw .tls(TLSError(.wire, "the TLS session has failed before")) }
  }

  private func broken(_ error: TLSError) -> StreamError {
    isBroken = true
    return .tls(error)
  }

  /// The error that a call's result stands for.
  private func failure(_ code: CInt) -> StreamError {
    isBroken = true
    if let failure = wire.failure { return .system(failure) }
    return .tls(unsafe TLSError(session: session, code: code, hasEnded: wire.hasEnded))
  }
}
