import Glibc

/// A file descriptor and the duty to close it.
public struct Descriptor: ~Copyable, Sendable {
  /// The number, valid while this value lives.
  public let number: CInt

  /// Takes over the duty to close `number`.
  public init(owning number: CInt) {
    self.number = number
  }

  /// Gives the number up without closing it: the caller owns it from here.
  public consuming func release() -> CInt {
    let number = number
    discard self
    return number
  }

  deinit {
    // An error of close(2) on Linux still frees the number, and nothing here could act on it.
    _ = Glibc.close(number)
  }
}
