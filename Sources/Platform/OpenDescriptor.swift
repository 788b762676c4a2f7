import CLinux
import Glibc

/// Writing to a descriptor that somebody else has opened and will close: standard output, a pipe.
package enum OpenDescriptor {
  /// Writes all filled bytes of a buffer; false where the signal was given first.
  package static func write(_ buffer: ByteBuffer, to number: CInt, cancel: CancelSignal) throws(SystemError) -> Bool {
    // SAFETY: the buffer outlives the call.
    unsafe try write(buffer.bytes, to: number, cancel: cancel)
  }

  /// Writes all bytes; false where the signal was given first.
  package static func write(_ bytes: [UInt8], to number: CInt, cancel: CancelSignal) throws(SystemError) -> Bool {
    var result: Result<Bool, SystemError> = .success(true)
    // SAFETY: the array outlives the call.
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        result = .success(unsafe try write(buffer, to: number, cancel: cancel))
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to number: CInt, cancel: CancelSignal
  ) throws(SystemError) -> Bool {
    var written = 0
    while written < bytes.count {
      // A pipe that nobody empties must not hold a transfer that was cancelled; a file is always ready (poll(2)).
      guard case .ready = cancel.wait(until: number, is: POLLOUT, for: .seconds(86_400)) else { return false }
      let done = written
      // SAFETY: the address and length lie within `bytes`, which its owner keeps alive.
      written +=
        try nonBlocking("write") {
          unsafe linux_write_now(number, bytes.baseAddress?.advanced(by: done), bytes.count - done)
        } ?? 0
    }
    return true
  }
}
