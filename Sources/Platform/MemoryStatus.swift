import Glibc

/// What the machine has to spare.
package enum MemoryStatus {
  /// Bytes that programs and files can have without anything being swapped out (`MemAvailable` of proc(5)); nil where that is not told.
  package static func available() -> Int? {
    guard let number = try? retryingInterrupts("open", { unsafe open("/proc/meminfo", O_RDONLY | O_CLOEXEC) }) else {
      return nil
    }
    let descriptor = Descriptor(owning: number)
    var text = [UInt8](repeating: 0, count: 4096)
    // SAFETY: at most as many bytes are written as the array has.
    let count = unsafe text.withUnsafeMutableBytes { unsafe read(descriptor.number, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    return available(in: text[..<count])
  }

  /// The same of a text of that form.
  static func available(in text: ArraySlice<UInt8>) -> Int? {
    let line = text.split(separator: 0x0A).first { $0.starts(with: "MemAvailable:".utf8) }
    guard let digits = line?.drop(while: { $0 < 0x30 || $0 > 0x39 }).prefix(while: { $0 >= 0x30 && $0 <= 0x39 }),
      let kibibytes = Int(String(decoding: digits, as: UTF8.self))
    else { return nil }
    let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
    return overflow ? nil : bytes
  }
}
