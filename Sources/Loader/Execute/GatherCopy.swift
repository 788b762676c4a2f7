import CLinux
import Platform

/// Executes a range of a gather into memory: whole turns by the kernel, the pieces of a turn at either end strip by strip.
struct GatherCopy {
  private let gather: Gather
  private let sources: SourceSet

  init(_ gather: Gather, sources: SourceSet) {
    self.gather = gather
    self.sources = sources
  }

  /// Copies the bytes `range` of the gather to `destination`, which is as long.
  @unsafe func execute(_ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(LoaderError) {
    guard let start = destination.baseAddress, gather.turn > 0, destination.count == range.count else { return }
    var to = unsafe start
    var position = range.lowerBound
    while position < range.upperBound {
      let turn = position / gather.turn
      let inside = position % gather.turn
      let left = range.upperBound - position
      let copied: Int
      if inside != 0 || left < gather.turn {
        copied = min(gather.turn - inside, left)
        unsafe try copyPart(of: turn, inside..<inside + copied, to: to)
      } else {
        let inner = gather.counts[gather.counts.count - 1]
        let turns = min(inner - turn % inner, left / gather.turn)
        copied = turns * gather.turn
        unsafe try run(strips(at: turn, turns: turns), turns: turns, to: to)
      }
      position += copied
      unsafe to = to.advanced(by: copied)
    }
  }

  /// A part of one turn: what each strip has of it.
  @unsafe private func copyPart(
    of turn: Int, _ range: Range<Int>, to destination: UnsafeMutableRawPointer
  ) throws(LoaderError) {
    var parts: [linux_strip] = unsafe []
    var position = 0
    let whole = unsafe try strips(at: turn, turns: 1)
    for index in unsafe whole.indices {
      let strip = unsafe whole[index]
      let length = unsafe Int(strip.length * strip.repeats)
      let low = max(range.lowerBound - position, 0)
      let high = min(range.upperBound - position, length)
      if low < high { unsafe append(low..<high, of: strip, to: &parts) }
      position += length
    }
    unsafe try run(parts, turns: 1, to: destination)
  }

  /// Bytes of one turn of a strip: the rest of a piece, whole pieces, the beginning of one.
  @unsafe private func append(_ range: Range<Int>, of strip: linux_strip, to parts: inout [linux_strip]) {
    let length = unsafe Int(strip.length)
    var position = range.lowerBound
    while position < range.upperBound {
      let piece = position / length
      let inside = position % length
      let whole = inside == 0 ? (range.upperBound - position) / length : 0
      let count = whole > 0 ? whole * length : min(length - inside, range.upperBound - position)
      var part = unsafe strip
      // SAFETY: the piece is one of the strip's, whose bounds were checked, and `inside` lies within it.
      unsafe part.base = strip.base?.advanced(by: piece * strip.step + inside)
      unsafe part.length = whole > 0 ? length : count
      unsafe part.repeats = max(whole, 1)
      unsafe parts.append(part)
      position += count
    }
  }

  /// The strips of a turn as addresses, checked to lie within their files for that many turns of the innermost loop. A strip with
  /// several loops of its own is several, with one each.
  @unsafe private func strips(at turn: Int, turns: Int) throws(LoaderError) -> [linux_strip] {
    var result: [linux_strip] = unsafe []
    unsafe result.reserveCapacity(gather.strips.count)
    let indices = loopIndices(of: turn)
    for strip in gather.strips {
      guard let file = strip.file else {
        unsafe result.append(linux_strip(base: nil, length: strip.length, stride: 0, repeats: 1, step: 0))
        continue
      }
      let mapping = try sources.mapping(file)
      var offset = strip.offset
      for (index, stride) in zip(indices, strip.strides) { offset = offset &+ index &* stride }
      let stride = strip.strides.last ?? 0
      let inner = strip.repeats.last ?? Gather.Repeat(count: 1, stride: 0)
      for start in starts(strip.repeats.dropLast(), offset: offset) {
        let end = start &+ (turns - 1) &* stride &+ (inner.count - 1) &* inner.stride &+ strip.length
        guard start >= 0, stride >= 0, inner.stride >= 0, end >= start, end <= mapping.count else {
          throw .changed(sources.files[file].name)
        }
        try sources.bring(file, start..<end)
        unsafe result.append(
          linux_strip(
            // SAFETY: the first and last byte that any turn reads lie within the mapping.
            base: mapping.base.advanced(by: start), length: strip.length, stride: stride, repeats: inner.count,
            step: inner.stride))
      }
    }
    return unsafe result
  }

  /// Where each turn of some loops begins.
  private func starts(_ loops: ArraySlice<Gather.Repeat>, offset: Int) -> [Int] {
    loops.reduce([offset]) { starts, loop in
      starts.flatMap { start in (0..<loop.count).map { start &+ $0 &* loop.stride } }
    }
  }

  private func loopIndices(of turn: Int) -> [Int] {
    var indices = Array(repeating: 0, count: gather.counts.count)
    var rest = turn
    for loop in gather.counts.indices.reversed() {
      indices[loop] = rest % gather.counts[loop]
      rest /= gather.counts[loop]
    }
    return indices
  }

  @unsafe private func run(
    _ strips: [linux_strip], turns: Int, to destination: UnsafeMutableRawPointer
  ) throws(LoaderError) {
    // SAFETY: the destination has room for `turns` turns of the strips, as `execute` counted.
    let code = unsafe strips.withUnsafeBufferPointer {
      unsafe linux_gather(
        destination.assumingMemoryBound(to: UInt8.self), $0.baseAddress, $0.count, turns)
    }
    guard code == 0 else {
      throw .changed(gather.strips.lazy.compactMap(\.file).first.map { sources.files[$0].name } ?? "a source file")
    }
  }
}
