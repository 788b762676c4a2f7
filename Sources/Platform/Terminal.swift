import Glibc

/// Standard output and standard error, as far as they may be a terminal.
package enum Terminal {
  /// One of this process's standard streams.
  package enum Stream: CInt, Sendable {
    /// Standard output.
    case output = 1
    /// Standard error.
    case error = 2
  }

  /// Whether a stream is a terminal (isatty(3)).
  package static func isTerminal(_ stream: Stream) -> Bool {
    isatty(stream.rawValue) == 1
  }

  /// The columns of a terminal; nil where it does not say.
  package static func columns(_ stream: Stream) -> Int? {
    var size = winsize()
    // SAFETY: `size` outlives the call, which fills it.
    guard unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes a text whole, in one call where the system allows. A stream that nobody reads is no error here.
  package static func write(_ text: String, to stream: Stream) {
    let bytes = [UInt8](text.utf8)
    var written = 0
    while written < bytes.count {
      let start = written
      // SAFETY: the address and length lie within the array, which outlives the call.
      let count = try? retryingInterrupts("write") {
        unsafe bytes.withUnsafeBytes {
          unsafe Glibc.write(stream.rawValue, $0.baseAddress?.advanced(by: start), bytes.count - start)
        }
      }
      guard let count else { return }
      written += count
    }
  }
}
