import CLinux
import Glibc

/// Descriptors beside the bytes of a Unix socket (unix(7), `SCM_RIGHTS`).
extension Socket {
  /// Sends from the front of `bytes`, with a descriptor beside the first; answers how many went, nil where it would have to wait:
  /// then the descriptor did not go either.
  package func send(
    _ bytes: ArraySlice<UInt8>, passing descriptor: CInt, more: Bool = false
  ) throws(SystemError) -> Int? {
    let flags = CInt(MSG_NOSIGNAL) | (more ? CInt(MSG_MORE) : 0)
    // SAFETY: the address and length are the slice's own.
    return try nonBlocking("sendmsg") {
      unsafe bytes.withUnsafeBytes {
        unsafe linux_send_descriptor(number, $0.baseAddress, $0.count, descriptor, flags)
      }
    }
  }

  /// Receives behind the filled bytes of `buffer`, and the descriptor that came beside them, if one did.
  package func receiveWithDescriptor(into buffer: ByteBuffer) throws(SystemError) -> (count: Int, passed: CInt?)? {
    let room = buffer.capacity - buffer.count
    var descriptor: CInt = -1
    // SAFETY: the range lies within the buffer's memory, which is held for the call, and one number is written.
    let count = try nonBlocking("recvmsg") {
      unsafe linux_receive_descriptor(number, buffer.storage.baseAddress?.advanced(by: buffer.count), room, &descriptor)
    }
    guard let count else { return nil }
    buffer.count += count
    return (count, descriptor == -1 ? nil : descriptor)
  }
}

extension ByteStream {
  /// Sends from the front of `bytes`, with a descriptor beside the first where the stream is a plain socket.
  package func send(
    _ bytes: ArraySlice<UInt8>, passing descriptor: CInt, more: Bool = false
  ) throws(StreamError) -> Int? {
    guard case .plain(let socket) = self else { return try send(bytes, more: more) }
    do throws(SystemError) {
      return try socket.send(bytes, passing: descriptor, more: more)
    } catch {
      throw .system(error)
    }
  }

  /// Receives behind the filled bytes of `buffer`, and the descriptor that came beside them where the stream is a plain socket.
  package func receiveWithDescriptor(into buffer: ByteBuffer) throws(StreamError) -> (count: Int, passed: CInt?)? {
    guard case .plain(let socket) = self else { return try receive(into: buffer).map { ($0, nil) } }
    do throws(SystemError) {
      return try socket.receiveWithDescriptor(into: buffer)
    } catch {
      throw .system(error)
    }
  }
}
