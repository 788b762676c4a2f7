import CLinux
import Glibc

/// Sending and receiving. Each call answers nil where it would have to wait (or, on a blocking socket with a timeout, has
/// waited in vain), and none raises SIGPIPE.
extension Socket {
  /// Sends from the front of `bytes`; answers how many went. `more` keeps a short piece back to join what follows.
  package func send(_ bytes: ArraySlice<UInt8>, more: Bool = false) throws(SystemError) -> Int? {
    let flags = Socket.flags(more: more)
    // SAFETY: the address and length are the slice's own.
    return try nonBlocking("send") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(number, $0.baseAddress, $0.count, flags) }
    }
  }

  /// Sends the filled bytes of `buffer` from index `start`, at most `count`; answers how many went.
  package func send(
    _ buffer: ByteBuffer, from start: Int, count: Int, more: Bool = false
  ) throws(SystemError) -> Int? {
    let flags = Socket.flags(more: more)
    let range = (start..<start + count).clamped(to: 0..<buffer.count)
    // SAFETY: the range lies within the filled bytes, and the buffer is held for the call.
    return try nonBlocking("send") {
      unsafe Glibc.send(number, buffer.bytes.baseAddress?.advanced(by: range.lowerBound), range.count, flags)
    }
  }

  /// Sends bytes of a file without copying them here; answers how many went, 0 where the file has ended.
  package func send(_ file: SourceFile, offset: UInt64, count: Int) throws(SystemError) -> Int? {
    guard let offset = Int64(exactly: offset) else { throw SystemError("sendfile", code: EOVERFLOW, on: file.path) }
    return try nonBlocking("sendfile", on: file.path) { linux_sendfile(number, file.number, offset, count) }
  }

  /// Sends all of `bytes` on a blocking socket.
  /// - Throws: `ETIMEDOUT` where its timeout passed.
  package func sendAll(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let count = try send(rest) else { throw SystemError("send", code: ETIMEDOUT) }
      rest = rest.dropFirst(count)
    }
  }

  /// Receives into `bytes` from its start, at most its length; answers how many came, 0 at the end of the stream.
  package func receive(into bytes: inout [UInt8]) throws(SystemError) -> Int? {
    // SAFETY: the address and length are the array's own.
    try nonBlocking("recv") {
      unsafe bytes.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
    }
  }

  /// Receives behind the filled bytes of `buffer` and counts what came as filled; 0 at the end of the stream.
  /// The buffer must have room, or the answer is 0 too.
  package func receive(into buffer: ByteBuffer, atMost limit: Int = .max) throws(SystemError) -> Int? {
    let room = min(buffer.capacity - buffer.count, limit)
    // SAFETY: the range lies within the buffer's memory, and the buffer is held for the call.
    let count = try unsafe receive(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer.storage[buffer.count..<buffer.count + room]))
    buffer.count += count ?? 0
    return count
  }

  /// Receives into raw memory; answers how many bytes came, 0 at the end of the stream.
  @unsafe package func receive(into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    // SAFETY: the address and length are the buffer's own.
    try nonBlocking("recv") { unsafe recv(number, memory.baseAddress, memory.count, 0) }
  }

  private static func flags(more: Bool) -> CInt {
    CInt(MSG_NOSIGNAL) | (more ? CInt(MSG_MORE) : 0)
  }
}
