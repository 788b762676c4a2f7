import CLinux
import Glibc

/// A sealed file in memory: it can be mapped by any number of processes, and changed by none.
package final class SealedMemory: Sendable {
  /// Bytes in it.
  package let count: Int
  private let descriptor: PassedDescriptor

  init(count: Int, owning descriptor: consuming Descriptor) {
    self.count = count
    self.descriptor = PassedDescriptor(owning: descriptor)
  }

  /// Takes over a descriptor that another process has sent.
  /// - Throws: `EPERM` where it is not a sealed file in memory: its sender could change it, or cut it under a mapping.
  package init(received: PassedDescriptor) throws(SystemError) {
    let number = received.number
    let status = try FileStatus.of(descriptor: number, subject: "the descriptor received")
    guard status.kind == .regular, linux_is_sealed(number) == 1, let count = Int(exactly: status.size) else {
      throw SystemError("fcntl", code: EPERM, on: "the descriptor received")
    }
    self.count = count
    descriptor = received
  }

  /// The descriptor's number, valid while this object lives.
  package var number: CInt { descriptor.number }

  /// Opens it once more for reading, to be given away.
  package func open() throws(SystemError) -> PassedDescriptor {
    let number = descriptor.number
    return PassedDescriptor(
      owning: Descriptor(owning: try retryingInterrupts("open") { linux_reopen_for_reading(number) }))
  }

  /// Whether somebody whom it was given to still has it open or mapped.
  package var isUsed: Bool { linux_is_open_elsewhere(number) == 1 }
}

/// A descriptor on its way to another process, closed here once it was sent.
package final class PassedDescriptor: Sendable {
  private let descriptor: Descriptor

  /// Takes over a descriptor.
  package init(owning descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// The descriptor's number, valid while this object lives.
  package var number: CInt { descriptor.number }
}
