import CLinux
import Glibc

/// A file in memory, first filled, then sealed: from then on its bytes and its size are what they are for everyone who has it open.
package final class MemoryFile: Sendable {
  /// Bytes that it has room for.
  package let count: Int
  private let descriptor: Descriptor

  /// A file of `count` bytes. It has no name that another process could open; `label` shows in `/proc`.
  package init(label: String, count: Int) throws(SystemError) {
    // SAFETY: Swift passes a terminated copy of the label for the call's length.
    let number = try retryingInterrupts("memfd_create") { unsafe linux_memory_file(label) }
    descriptor = Descriptor(owning: number)
    self.count = count
    try retryingInterrupts("ftruncate") { ftruncate(number, off_t(count)) }
  }

  /// Writes all filled bytes of a buffer at an offset, within the file's size.
  package func write(_ buffer: ByteBuffer, at offset: Int) throws(SystemError) {
    precondition(offset >= 0 && buffer.count <= count - offset, "bytes written to a file in memory must fit it")
    let number = descriptor.number
    var written = 0
    while written < buffer.count {
      let done = written
      // SAFETY: the address and length lie within the buffer's filled bytes.
      written += try retryingInterrupts("pwrite") {
        unsafe pwrite(
          number, buffer.bytes.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
      }
    }
  }

  /// Seals it, and opens it again for reading alone.
  package func sealed() throws(SystemError) -> SealedMemory {
    let number = descriptor.number
    try retryingInterrupts("fcntl") { linux_seal(number) }
    return SealedMemory(
      count: count, owning: Descriptor(owning: try retryingInterrupts("open") { linux_reopen_for_reading(number) }))
  }
}
