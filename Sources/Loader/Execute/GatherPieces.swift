import CLinux
import Glibc
import Platform

/// Finds where the pieces of a gather lie, so that they are sent from there.
struct GatherPieces {
  private let gather: Gather
  private let sources: SourceSet
  /// The mappings of the files that the strips lie in.
  private let mappings: [SourceMapping]

  /// Bytes from which a piece is sent from where it lies. A call's cost for each piece is that of copying about 2 KiB (`Benchmarks/crossover.c`).
  static let threshold = 2 << 10
  /// Where pieces lie so many times their length apart, or less, everything between them is made present with them: others want it.
  private static let density = 8

  /// Nil where a strip is shorter, has loops of its own, or is no file's.
  init?(_ gather: Gather, sources: SourceSet) throws(LoaderError) {
    guard GatherPieces.isScattered(gather, sources) else { return nil }
    self.gather = gather
    self.sources = sources
    var mappings: [SourceMapping] = []
    for index in Set(gather.strips.compactMap(\.file)) { mappings.append(try sources.mapping(index)) }
    self.mappings = mappings
  }

  /// Whether a gather's pieces are long enough, and in files that are mapped.
  static func isScattered(_ gather: Gather, _ sources: SourceSet) -> Bool {
    gather.strips.allSatisfy { strip in
      guard let file = strip.file else { return false }
      return strip.repeats.isEmpty && strip.length >= threshold && !sources.isRead(file)
    }
  }

  /// The pieces of the bytes `range` of the gather.
  /// - Parameter mayRead: whether pages that are not present are read first; else the answer is nil where there may be such.
  func pieces(_ range: Range<Int>, mayRead: Bool) throws(LoaderError) -> ScatteredBytes? {
    var pieces: [UnsafeRawBufferPointer] = unsafe []
    var isPresent = true
    unsafe try GatherCopy(gather, sources: sources).visit(range) { strips, turns, _ throws(LoaderError) in
      for index in unsafe strips.indices where isPresent {
        isPresent = unsafe try makePresent(strips[index], turns: turns, mayRead: mayRead)
      }
      guard isPresent else { return }
      for turn in 0..<turns {
        for index in unsafe strips.indices {
          let strip = unsafe strips[index]
          // SAFETY: `visit` has checked that every piece lies within its mapping, which the result keeps; it is only read.
          let address = unsafe strip.base?.advanced(by: turn * strip.stride)
          unsafe pieces.append(UnsafeRawBufferPointer(start: address, count: strip.length))
        }
      }
    }
    guard isPresent else { return nil }
    return unsafe ScatteredBytes(pieces, in: mappings.map(\.file), owners: mappings)
  }

  @unsafe private func makePresent(_ strip: linux_strip, turns: Int, mayRead: Bool) throws(LoaderError) -> Bool {
    guard let base = unsafe strip.base, let mapping = mappings.first(where: { unsafe $0.contains(base) }) else {
      return true
    }
    let start = unsafe base - mapping.base
    let (length, stride) = unsafe (Int(strip.length), strip.stride)
    let span = start..<start + (turns - 1) * stride + length
    if stride <= GatherPieces.density * length {
      if mapping.isPresent(span) { return true }
      guard mayRead else { return false }
      try check(mapping.makeChunksPresent(span), mapping)
    } else {
      guard mayRead else { return false }
      for turn in 0..<turns {
        let first = start + turn * stride
        try check(mapping.populate(first..<first + length), mapping)
      }
    }
    return true
  }

  private func check(_ code: CInt, _ mapping: SourceMapping) throws(LoaderError) {
    switch code {
    // Where the kernel cannot make pages present, they are read when they are used.
    case 0, EINVAL: return
    case EFAULT: throw .changed(mapping.file.path)
    default: throw LoaderError(SystemError("madvise", code: code, on: mapping.file.path), file: mapping.file.path)
    }
  }
}
