import Glibc

/// A connected stream of bytes in both directions: a socket as it is, or TLS over one.
///
/// Plain calls go straight to the socket's. Each call answers nil where it would have to wait: for bytes to come where it
/// receives, for room where it sends.
package enum ByteStream: Sendable {
  /// The socket itself.
  case plain(Socket)
  /// A TLS session, and the memory that it sends files through.
  case secure(TLSStream, TLSBuffers)

  /// The socket below.
  package var socket: Socket {
    switch self {
    case .plain(let socket): socket
    case .secure(let session, _): session.socket
    }
  }

  /// Whether it is the socket itself: a call that receives less than there was room for has then received all there is.
  package var isPlain: Bool {
    if case .plain = self { true } else { false }
  }

  /// The descriptor's number, valid while this value lives.
  package var number: CInt { socket.number }

  /// Whether bytes were received that nobody has taken yet, so that waiting for the socket would be in vain.
  package var hasPending: Bool {
    switch self {
    case .plain: false
    case .secure(let session, _): session.hasPending
    }
  }

  // MARK: Receiving

  /// Receives into `bytes` from its start, at most its length; answers how many came, 0 at the end of the stream.
  package func receive(into bytes: inout [UInt8]) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in try socket.receive(into: &bytes) }
    case .secure(let session, _):
      var result: Result<Int?, StreamError> = .success(nil)
      // SAFETY: the memory is the array's own, lent for the call.
      unsafe bytes.withUnsafeMutableBytes { memory in
        do throws(StreamError) {
          result = .success(unsafe try session.receive(into: memory))
        } catch {
          result = .failure(error)
        }
      }
      return try result.get()
    }
  }

  /// Receives behind the filled bytes of `buffer` and counts what came as filled; 0 at the end of the stream.
  /// The buffer must have room, or the answer is 0 too.
  package func receive(into buffer: ByteBuffer, atMost limit: Int = .max) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in try socket.receive(into: buffer, atMost: limit) }
    case .secure(let session, _):
      let room = min(buffer.capacity - buffer.count, limit)
      // SAFETY: the range lies within the buffer's memory, and the buffer is held for the call.
      let count = unsafe try session.receive(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer.storage[buffer.count..<buffer.count + room]))
      buffer.count += count ?? 0
      return count
    }
  }

  /// Receives into raw memory; answers how many bytes came, 0 at the end of the stream.
  @unsafe package func receive(into memory: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in unsafe try socket.receive(into: memory) }
    case .secure(let session, _): return unsafe try session.receive(into: memory)
    }
  }

  // MARK: Sending

  /// Sends from the front of `bytes`; answers how many were taken. `more` keeps a short piece back to join what follows.
  package func send(_ bytes: ArraySlice<UInt8>, more: Bool = false) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in try socket.send(bytes, more: more) }
    case .secure(let session, _):
      var result: Result<Int?, StreamError> = .success(nil)
      // SAFETY: the memory is the slice's own, lent for the call.
      unsafe bytes.withUnsafeBytes { memory in
        do throws(StreamError) {
          result = .success(unsafe try session.send(memory, more: more))
        } catch {
          result = .failure(error)
        }
      }
      return try result.get()
    }
  }

  /// Sends the filled bytes of `buffer` from index `start`, at most `count`; answers how many were taken.
  package func send(
    _ buffer: ByteBuffer, from start: Int, count: Int, more: Bool = false
  ) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in
        try socket.send(buffer, from: start, count: count, more: more)
      }
    case .secure(let session, _):
      let range = (start..<start + count).clamped(to: 0..<buffer.count)
      // SAFETY: the range lies within the filled bytes, and the buffer is held for the call.
      return unsafe try session.send(UnsafeRawBufferPointer(rebasing: buffer.bytes[range]), more: more)
    }
  }

  /// Sends bytes of a file, without copying them here where the stream is plain; answers how many were taken, 0 where the file
  /// has ended.
  package func send(_ file: SourceFile, offset: UInt64, count: Int) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in try socket.send(file, offset: offset, count: count) }
    case .secure(let session, let buffers):
      return try session.send(file, offset: offset, count: count, buffers: buffers)
    }
  }

  /// Sends from the front of scattered bytes, at most `count`; answers how many were taken. The stream must be plain.
  package func send(_ rest: ScatteredRest, count: Int) throws(StreamError) -> Int? {
    switch self {
    case .plain(let socket):
      return try ByteStream.plainly { () throws(SystemError) in try socket.send(rest, count: count) }
    case .secure: throw .system(SystemError("sendmsg", code: EOPNOTSUPP))
    }
  }

  /// Bytes that were taken and did not leave yet: `flush` sends them.
  package var unsent: Int {
    switch self {
    case .plain: 0
    case .secure(let session, _): session.unsent
    }
  }

  /// Bytes that were taken and that the other end has not taken, about: those of TLS count with what it puts around them.
  package var untaken: Int { unsent + socket.untaken }

  /// Sends what was taken before; false where there is no room for all of it.
  package func flush() throws(StreamError) -> Bool {
    switch self {
    case .plain: true
    case .secure(let session, _): try session.flush()
    }
  }

  /// Ends the sending direction; false where it must be tried again when there is room. A connection that is already gone is no
  /// error.
  package func endSending() -> Bool {
    if case .secure(let session, _) = self, (try? session.endSending()) == false { return false }
    socket.shutdown(.sending)
    return true
  }

  /// Makes the close discard what is unsent and reset the connection.
  package func resetWhenClosed() {
    socket.resetWhenClosed()
  }

  private static func plainly<Result>(_ call: () throws(SystemError) -> Result) throws(StreamError) -> Result {
    do throws(SystemError) {
      return try call()
    } catch {
      throw .system(error)
    }
  }
}
