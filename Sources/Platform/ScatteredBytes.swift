import CLinux
import Glibc

/// Bytes at many places of mapped files, in the order in which they are sent: one call takes them from where they lie, so that they are
/// copied once, into the socket.
///
/// SAFETY: `@unchecked Sendable` because nothing changes after the initializer; the places stay valid while the owners live.
@safe public final class ScatteredBytes: @unchecked Sendable {
  /// Bytes in all.
  public let count: Int
  /// The files that they lie in.
  public let files: [SourceFile]
  @unsafe let pieces: [UnsafeRawBufferPointer]
  private let owners: [any Sendable]

  /// Bytes at places that are readable as long as the owners live.
  /// - Parameter files: the files that the owners map: where one has changed, the bytes are not what they were.
  @unsafe public init(_ pieces: [UnsafeRawBufferPointer], in files: [SourceFile], owners: [any Sendable]) {
    unsafe self.pieces = unsafe pieces
    self.files = files
    self.owners = owners
    count = unsafe pieces.reduce(0) { $0 + $1.count }
  }
}

/// Scattered bytes that are being sent: which of them are left.
public struct ScatteredRest: Sendable {
  /// The bytes.
  public let bytes: ScatteredBytes
  /// The first piece of which something is left.
  var index = 0
  /// Bytes of that piece that are sent.
  var inside = 0
  /// Bytes that are left.
  public private(set) var count: Int

  /// All of them.
  public init(_ bytes: ScatteredBytes) {
    self.bytes = bytes
    count = bytes.count
  }

  /// Bytes were sent.
  public mutating func removeFirst(_ sent: Int) {
    var left = min(max(sent, 0), count)
    count -= left
    while left > 0, unsafe index < bytes.pieces.count {
      let rest = unsafe bytes.pieces[index].count - inside
      if left < rest {
        inside += left
        return
      }
      left -= rest
      index += 1
      inside = 0
    }
  }

  /// The next pieces, at most as many as one call takes and as have `limit` bytes.
  @unsafe func next(limit: Int) -> [iovec] {
    var result: [iovec] = unsafe []
    var left = min(limit, count)
    let end = unsafe min(index + ScatteredRest.callLimit, bytes.pieces.count)
    unsafe result.reserveCapacity(end - index)
    for place in index..<end where left > 0 {
      let piece = unsafe bytes.pieces[place]
      let start = place == index ? inside : 0
      let count = min(piece.count - start, left)
      left -= count
      // SAFETY: `start` and `count` lie within the piece; the kernel only reads it.
      let address = unsafe UnsafeMutableRawPointer(mutating: piece.baseAddress?.advanced(by: start))
      unsafe result.append(iovec(iov_base: address, iov_len: count))
    }
    return unsafe result
  }

  /// Pieces that one call takes (IOV_MAX).
  private static let callLimit = 1024
}

extension Socket {
  /// Sends from the front of scattered bytes, at most `count`; answers how many went.
  /// - Throws: `EFAULT` where a file was cut, and its bytes are gone.
  package func send(_ rest: ScatteredRest, count: Int, more: Bool = false) throws(SystemError) -> Int? {
    var pieces = unsafe rest.next(limit: count)
    let flags = CInt(MSG_NOSIGNAL) | (more ? CInt(MSG_MORE) : 0)
    // SAFETY: the pieces lie in memory that `rest` keeps; where that cannot be read the call fails with EFAULT.
    return try nonBlocking("sendmsg") {
      unsafe pieces.withUnsafeMutableBufferPointer { pieces in
        var message = unsafe msghdr()
        unsafe message.msg_iov = pieces.baseAddress
        unsafe message.msg_iovlen = pieces.count
        return unsafe sendmsg(number, &message, flags)
      }
    }
  }
}
