import Glibc

/// The process's standard output and standard error.
public enum StandardStream: CInt, Sendable {
  /// Standard output.
  case output = 1
  /// Standard error.
  case error = 2

  /// Writes a text whole, in one call where the kernel takes it so; a reader that went away is no error.
  public func write(_ text: String) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      // SAFETY: the address and length lie within `bytes`.
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(rawValue, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      written += count
    }
  }

  /// Whether a person reads it: it is a terminal.
  public var isTerminal: Bool { isatty(rawValue) == 1 }
}
