import Glibc

/// A block of memory behind a bounds-checked face: a mapped file, pages of this process, or memory that a caller lends.
///
/// SAFETY: `@unchecked Sendable` because a read-only mapping has no writer here, and the region that a transfer fills belongs to
/// that transfer alone until it ends: the client lends it out by `inout` or holds the only reference.
@safe package final class MemoryRegion: @unchecked Sendable {
  /// Bytes in the region.
  package let count: Int
  /// Whether it may be written.
  package let isWritable: Bool
  private let base: UnsafeMutableRawPointer
  private let mapped: Int

  private init(base: UnsafeMutableRawPointer, count: Int, mapped: Int, isWritable: Bool) {
    unsafe self.base = base
    self.count = count
    self.mapped = mapped
    self.isWritable = isWritable
  }

  /// Maps a whole file for reading. The file must not shrink while the region lives: a read past its new end is a SIGBUS.
  package static func mapping(_ file: SourceFile) throws(SystemError) -> MemoryRegion {
    guard let count = Int(exactly: file.size) else { throw SystemError("mmap", code: EOVERFLOW, on: file.path) }
    return try MemoryRegion(mapping: file.number, count: count, protection: PROT_READ, flags: MAP_SHARED, on: file.path)
  }

  /// Maps a sealed file in memory for reading: nobody can change or cut it.
  package static func mapping(_ memory: SealedMemory) throws(SystemError) -> MemoryRegion {
    try MemoryRegion(
      mapping: memory.number, count: memory.count, protection: PROT_READ, flags: MAP_SHARED, on: "memory file")
  }

  /// Takes fresh pages, zeroed by the kernel when they are first touched; aligned to a page.
  ///
  /// Huge pages are asked for: first touch then costs a quarter, and it is what bounds a transfer into fresh memory.
  package static func allocating(_ count: Int) throws(SystemError) -> MemoryRegion {
    let region = try MemoryRegion(
      mapping: -1, count: count, protection: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS, on: nil)
    // SAFETY: the region's own pages. A kernel without huge pages refuses, which changes nothing.
    _ = unsafe madvise(region.base, region.mapped, MADV_HUGEPAGE)
    return region
  }

  private convenience init(
    mapping descriptor: CInt, count: Int, protection: CInt, flags: CInt, on subject: String?
  ) throws(SystemError) {
    // mmap(2) refuses an empty mapping: one page stands for it, none of which can be reached.
    let length = max(count, 1)
    let (empty, kind) = count == 0 ? (CInt(-1), MAP_PRIVATE | MAP_ANONYMOUS) : (descriptor, flags)
    // SAFETY: the kernel chooses the address; nothing of this process is replaced.
    guard let base = unsafe mmap(nil, length, protection, kind, empty, 0), unsafe base != MAP_FAILED else {
      throw SystemError("mmap", on: subject)
    }
    unsafe self.init(base: base, count: count, mapped: length, isWritable: protection & PROT_WRITE != 0)
  }

  /// Uses memory that the caller owns, keeps alive, and leaves alone while the region is in use.
  @unsafe package static func borrowing(_ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> MemoryRegion {
    guard let base = buffer.baseAddress else { return try allocating(0) }
    return unsafe MemoryRegion(base: base, count: buffer.count, mapped: 0, isWritable: true)
  }

  deinit {
    // SAFETY: the very mapping that this region made, if it made one.
    if mapped > 0 { unsafe munmap(base, mapped) }
  }

  /// Whether a range lies within the region.
  package func contains(_ range: Range<Int>) -> Bool {
    range.lowerBound >= 0 && range.upperBound <= count
  }

  /// Lends a range of the bytes.
  package func withBytes<Result, Failure: Error>(
    in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(contains(range), "a range of a memory region must lie within it")
    // SAFETY: the range lies within the region, which `self` keeps alive for the length of the call.
    let bytes = unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    return try body(unsafe RawSpan(_unsafeBytes: bytes))
  }

  /// Lends a range of the bytes as elements of a type for which every bit pattern is a value; nil where the first byte is not
  /// aligned to it.
  package func withElements<Element: BitwiseCopyable, Result, Failure: Error>(
    of type: Element.Type, in range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    precondition(contains(range), "a range of a memory region must lie within it")
    let start = unsafe base + range.lowerBound
    guard Int(bitPattern: start) % MemoryLayout<Element>.alignment == 0 else { return nil }
    // SAFETY: in bounds and aligned, as checked; the memory is never bound to another type.
    let elements = unsafe UnsafeBufferPointer(
      start: start.assumingMemoryBound(to: Element.self), count: range.count / MemoryLayout<Element>.stride)
    return try body(unsafe Span(_unsafeElements: elements))
  }

  /// One element at any offset, aligned or not, of a type for which every bit pattern is a value.
  package func element<Element: BitwiseCopyable>(at offset: Int, as type: Element.Type) -> Element {
    precondition(
      offset >= 0 && offset <= count - MemoryLayout<Element>.size, "an element of a memory region must lie within it")
    // SAFETY: in bounds, as checked.
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: Element.self)
  }

  /// A range of the bytes as an array.
  package func copyBytes(in range: Range<Int>) -> [UInt8] {
    precondition(contains(range), "a range of a memory region must lie within it")
    // SAFETY: in bounds, as checked.
    return unsafe [UInt8](UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Copies bytes to an offset.
  package func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    precondition(offset >= 0 && bytes.count <= count - offset, "bytes written to a memory region must fit it")
    // SAFETY: in bounds, as checked.
    unsafe mutableBytes(in: offset..<offset + bytes.count).copyBytes(from: bytes)
  }

  /// A range of the memory, for a system call that fills it.
  @unsafe func mutableBytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(contains(range) && isWritable, "a range that is filled must lie within a writable memory region")
    return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }
}
