import COpenSSL
import Glibc

/// What lies between a TLS session and its socket: records that come are read from it as they are wanted; records to be sent are
/// collected, so that many of them leave by one call.
///
/// It is a BIO of our own, since OpenSSL's for sockets makes a call for each record, and raises SIGPIPE.
@safe final class TLSWire {
  private let socket: Socket
  /// Where outboxes come from; nil while each is made for its use.
  var buffers: TLSBuffers?
  private var outbox: ByteBuffer?
  /// Bytes of the outbox that were sent.
  private var outboxStart = 0
  /// The last call on the socket that failed.
  private(set) var failure: SystemError?
  /// Whether the peer has ended its direction.
  private(set) var hasEnded = false

  init(_ socket: Socket) {
    self.socket = socket
  }

  /// Bytes that wait to be sent.
  var unsent: Int { outbox.map { $0.count - outboxStart } ?? 0 }

  /// Whether a record of the longest kind finds room.
  var hasRoomForRecord: Bool {
    guard let outbox else { return true }
    return outbox.capacity - outbox.count >= TLSWire.reserve
  }

  /// Room that is left for what the protocol itself sends, beside one record.
  private static let reserve = 20 * 1024

  /// Sends what waits. False where the socket takes no more; then the rest waits on.
  func flush() throws(SystemError) -> Bool {
    guard let outbox else { return true }
    while outboxStart < outbox.count {
      guard let count = try socket.send(outbox, from: outboxStart, count: outbox.count - outboxStart) else {
        return false
      }
      outboxStart += count
    }
    self.outbox = nil
    outboxStart = 0
    buffers?.giveOutbox(outbox)
    return true
  }

  /// Takes the next bytes of a session's records. False where there is no room.
  @unsafe fileprivate func collect(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let outbox = self.outbox ?? buffers?.takeOutbox() ?? ByteBuffer(capacity: TLSBuffers.outboxSize)
    self.outbox = outbox
    guard outbox.capacity - outbox.count >= bytes.count else { return false }
    // SAFETY: the range lies within the buffer, as was just checked.
    unsafe UnsafeMutableRawBufferPointer(rebasing: outbox.storage[outbox.count...]).copyMemory(from: bytes)
    outbox.count += bytes.count
    return true
  }

  /// Receives; nil where nothing is there, or the socket failed.
  @unsafe fileprivate func receive(_ memory: UnsafeMutableRawBufferPointer) -> Int? {
    do throws(SystemError) {
      let count = unsafe try socket.receive(into: memory)
      if count == 0 { hasEnded = true }
      return count
    } catch {
      failure = error
      return 0
    }
  }

  // MARK: As a BIO

  /// A new BIO that reads and writes here. The wire must outlive it.
  @unsafe func makeBIO() -> OpaquePointer? {
    guard let method = unsafe TLSWire.method.pointer, let bio = unsafe BIO_new(method) else { return nil }
    unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }

  /// SAFETY: `@unchecked Sendable` because the table is written once, before anyone reads it.
  @safe private struct Method: @unchecked Sendable {
    let pointer: OpaquePointer?
  }

  private static let method = makeMethod()

  private static func makeMethod() -> Method {
    let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
    // SAFETY: the table lives as long as the process. Each callback's `bio` carries the wire that made it, which outlives it, and
    // the memory that OpenSSL passes has the length that it says.
    guard let method = unsafe BIO_meth_new(kind, "weight-server wire") else { return unsafe Method(pointer: nil) }
    unsafe BIO_meth_set_write_ex(method) { bio, data, count, written in
      unsafe openssl_do_not_wait(bio)
      let isTaken = unsafe TLSWire.of(bio)?.collect(.init(start: data, count: count)) ?? false
      unsafe written?.pointee = isTaken ? count : 0
      if !isTaken { unsafe openssl_wait_to_write(bio) }
      return isTaken ? 1 : 0
    }
    unsafe BIO_meth_set_read_ex(method) { bio, data, count, received in
      unsafe openssl_do_not_wait(bio)
      let result = unsafe TLSWire.of(bio)?.receive(UnsafeMutableRawBufferPointer(start: data, count: count))
      if result == nil { unsafe openssl_wait_to_read(bio) }
      unsafe received?.pointee = result ?? 0
      return (result ?? 0) > 0 ? 1 : 0
    }
    unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
      switch command {
      case BIO_CTRL_FLUSH: 1
      case BIO_CTRL_EOF: unsafe TLSWire.of(bio)?.hasEnded == true ? 1 : 0
      default: 0
      }
    }
    return unsafe Method(pointer: method)
  }

  @unsafe private static func of(_ bio: OpaquePointer?) -> TLSWire? {
    guard let data = unsafe BIO_get_data(bio) else { return nil }
    return unsafe Unmanaged<TLSWire>.fromOpaque(data).takeUnretainedValue()
  }
}
