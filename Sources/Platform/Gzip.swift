import CZlib

/// Undoes gzip (RFC 1952), by zlib.
package enum Gzip {
  /// What is wrong with the input.
  package enum Failure: Error {
    /// It is no gzip, ends too early, or something follows it.
    case malformed
    /// It has more bytes than the limit.
    case tooLarge
  }

  /// Bytes that are made room for at a time.
  private static let windowBytes = 64 << 10

  /// The bytes that were compressed, held against the checksum and the length at the end.
  /// - Parameter limit: bytes that they may be.
  package static func decode(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
    var output: [UInt8] = []
    var failure: Failure?
    var input = bytes
    // SAFETY: the input's memory is valid within the closure, and zlib only reads it.
    unsafe input.withUnsafeMutableBufferPointer { input in
      do throws(Failure) {
        output = unsafe try inflateAll(input, limit: limit)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return output
  }

  @unsafe private static func inflateAll(
    _ input: UnsafeMutableBufferPointer<UInt8>, limit: Int
  ) throws(Failure) -> [UInt8] {
    guard let size = UInt32(exactly: input.count) else { throw .tooLarge }
    var stream = unsafe z_stream()
    unsafe stream.next_in = input.baseAddress
    unsafe stream.avail_in = size
    guard unsafe czlib_begin_gzip(&stream) == Z_OK else { throw .malformed }
    // SAFETY: the stream was begun, and does not move.
    defer { unsafe _ = inflateEnd(&stream) }
    var output: [UInt8] = []
    var window = [UInt8](repeating: 0, count: windowBytes)
    while true {
      // SAFETY: zlib writes at most `avail_out` bytes to the window, which lives through the call.
      let code = unsafe window.withUnsafeMutableBufferPointer { window in
        unsafe stream.next_out = window.baseAddress
        unsafe stream.avail_out = UInt32(window.count)
        return unsafe inflate(&stream, Z_NO_FLUSH)
      }
      let made = unsafe windowBytes - Int(stream.avail_out)
      guard made <= limit - output.count else { throw .tooLarge }
      output += window[..<made]
      switch code {
      case Z_OK where made > 0: continue
      case Z_STREAM_END:
        guard unsafe stream.avail_in == 0 else { throw .malformed }
        return output
      default: throw .malformed
      }
    }
  }
}
