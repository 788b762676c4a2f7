import CLinux
import Glibc

/// What this process uses of its machine, as `/proc/self` and `getrusage(2)` tell it.
package struct ProcessStatistics: Hashable, Sendable {
  /// Seconds of processor time, in user and kernel mode.
  package var processorSeconds = 0.0
  /// Bytes of memory that are resident; nil where `/proc` does not say.
  package var residentBytes: Int?
  /// Bytes of address space; nil where `/proc` does not say.
  package var virtualBytes: Int?
  /// Descriptors that are open; nil where `/proc` does not say.
  package var openDescriptors: Int?
  /// Descriptors that may be.
  package var descriptorLimit = DescriptorLimit.current()

  /// What it is now.
  package static func current() -> ProcessStatistics {
    var statistics = ProcessStatistics()
    var usage = rusage()
    // SAFETY: `usage` outlives the call, which fills it.
    if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      statistics.processorSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
    if let pages = memoryPages() {
      let pageBytes = max(sysconf(CInt(_SC_PAGESIZE)), 1)
      statistics.virtualBytes = pages.virtual * pageBytes
      statistics.residentBytes = pages.resident * pageBytes
    }
    // Listing the folder takes a descriptor itself.
    statistics.openDescriptors = (try? Folder.names(in: "/proc/self/fd")).map { max($0.count - 1, 0) }
    return statistics
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }

  /// The first two numbers of `/proc/self/statm` (proc(5)): the size of the address space and of what is resident, in pages.
  private static func memoryPages() -> (virtual: Int, resident: Int)? {
    // SAFETY: Swift passes a terminated copy of the path.
    guard let number = try? retryingInterrupts("open", { unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC) })
    else { return nil }
    let descriptor = Descriptor(owning: number)
    var bytes = [UInt8](repeating: 0, count: 128)
    // SAFETY: the call writes at most as many bytes as the array has.
    let count = try? retryingInterrupts("read") {
      unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor.number, $0.baseAddress, $0.count) }
    }
    let fields = bytes.prefix(count ?? 0).split(separator: 0x20).prefix(2)
    let numbers = fields.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard numbers.count == 2, numbers.allSatisfy({ (0...1 << 40).contains($0) }) else { return nil }
    return (numbers[0], numbers[1])
  }
}
