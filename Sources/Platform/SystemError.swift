public import Glibc

/// A system call that failed: which, on what, and with which `errno`.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The C function, as in its manual page.
  public let call: String
  /// The value of `errno`.
  public let code: CInt
  /// The file or address the call was about, if any.
  public let subject: String?
  /// What was wrong, where no system call failed but what stands for one, and `errno` does not say it.
  public let detail: String?

  /// Describes a failed call; `code` defaults to the calling thread's `errno`.
  public init(_ call: String, code: CInt = errno, on subject: String? = nil, detail: String? = nil) {
    self.call = call
    self.code = code
    self.subject = subject
    self.detail = detail
  }

  /// The text of `errno`, as `strerror(3)` has it, or the detail.
  public var reason: String {
    if let detail { return detail }
    var buffer = [CChar](repeating: 0, count: 128)
    // SAFETY: `buffer` outlives the call, which writes at most `count` bytes and a terminator.
    guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let text = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The failure as one line.
  public var description: String {
    subject.map { "\($0): \(reason) (\(call))" } ?? "\(reason) (\(call))"
  }

  /// Whether the error says that a file or folder does not exist.
  public var isMissingFile: Bool { code == ENOENT || code == ENOTDIR }
}
