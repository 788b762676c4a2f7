import Glibc

/// How much memory this process can have.
package enum MemoryLimit {
  /// Bytes of the machine's memory, or of the control group's limit where that is less (`memory.max` of cgroup v2, as it shows inside of a
  /// container).
  package static func current() -> Int {
    let pages = sysconf(CInt(_SC_PHYS_PAGES))
    let size = sysconf(CInt(_SC_PAGESIZE))
    let (bytes, overflow) = max(pages, 0).multipliedReportingOverflow(by: max(size, 0))
    let machine = overflow ? Int.max : bytes
    guard let file = try? SourceFile.opening("/sys/fs/cgroup/memory.max"),
      let limit = MemoryLimit.parse(MemoryLimit.text(of: file))
    else { return machine }
    return min(machine, limit)
  }

  /// A file of the kernel's says 0 as its size.
  private static func text(of file: SourceFile) -> [UInt8] {
    let buffer = ByteBuffer(capacity: 64)
    // SAFETY: the buffer outlives the call, and exactly the bytes that were read are declared filled.
    buffer.count = unsafe (try? file.read(into: buffer.storage, at: 0)) ?? 0
    return buffer.copyBytes()
  }

  /// The number of a limit's file; nil for `max`.
  static func parse(_ text: [UInt8]) -> Int? {
    Int(String(decoding: text.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
  }
}
