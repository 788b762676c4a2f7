import CLinux
import Platform

/// Executes a range of a gather into memory: whole turns by the kernel, the pieces of a turn at either end strip by strip.
struct GatherCopy {
  private let gather: Gather
  private let sources: SourceSet
  /// Turns whose bytes lie within the spans that are read at a time, and where those are read to; nil where all files are mapped.
  private let reading: (turns: Int, spans: SpanBuffers)?

  init(_ gather: Gather, sources: SourceSet) {
    self.gather = gather
    self.sources = sources
    // What repeats lies all over the tensor: a span of that would be the whole.
    if gather.strips.contains(where: { $0.file.map(sources.isRead) ?? false }),
      gather.strips.allSatisfy(\.repeats.isEmpty)
    {
      reading = (SpanBuffers.turns(of: gather), SpanBuffers())
    } else {
      reading = nil
    }
  }

  /// Copies the bytes `range` of the gather to `destination`, which is as long.
  @unsafe func execute(_ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(LoaderError) {
    guard let start = destination.baseAddress, gather.turn > 0, destination.count == range.count else { return }
    var to = unsafe start
    unsafe try visit(range) { strips, turns, count throws(LoaderError) in
      unsafe try run(strips, turns: turns, to: to)
      unsafe to = to.advanced(by: count)
    }
  }

  /// Calls `body` with strips, their turns and the bytes of these, which make up the bytes `range` of the gather one after the other.
  @unsafe func visit(
    _ range: Range<Int>, _ body: ([linux_strip], Int, Int) throws(LoaderError) -> Void
  ) throws(LoaderError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let turn = position / gather.turn
      let inside = position % gather.turn
      let left = range.upperBound - position
      let copied: Int
      if inside != 0 || left < gather.turn {
        copied = min(gather.turn - inside, left)
        unsafe try body(part(of: turn, inside..<inside + copied), 1, copied)
      } else {
        let inner = gather.counts[gather.counts.count - 1]
        let turns = min(inner - turn % inner, left / gather.turn, reading?.turns ?? .max)
        copied = turns * gather.turn
        unsafe try body(strips(at: turn, turns: turns), turns, copied)
      }
      position += copied
    }
  }

  /// A part of one turn: what each strip has of it.
  @unsafe private func part(of turn: Int, _ range: Range<Int>) throws(LoaderError) -> [linux_strip] {
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
    return unsafe parts
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
      let mapping = reading == nil ? try sources.mapping(file) : nil
      let count = Int(clamping: try sources.file(file).size)
      var offset = strip.offset
      for (index, stride) in zip(indices, strip.strides) { offset = offset &+ index &* stride }
      let stride = strip.strides.last ?? 0
      let inner = strip.repeats.last ?? Gather.Repeat(count: 1, stride: 0)
      for start in starts(strip.repeats.dropLast(), offset: offset) {
        let end = start &+ (turns - 1) &* stride &+ (inner.count - 1) &* inner.stride &+ strip.length
        guard start >= 0, stride >= 0, inner.stride >= 0, end >= start, end <= count else {
          throw .changed(sources.files[file].name)
        }
        // SAFETY: the first and last byte that any turn reads lie within the mapping, or within the span that is read.
        let base =
          if let mapping {
            unsafe mapping.base.advanced(by: start)
          } else {
            unsafe try read(file, start..<end, slot: result.count)
          }
        unsafe result.append(
          linux_strip(base: base, length: strip.length, stride: stride, repeats: inner.count, step: inner.stride))
      }
    }
    return unsafe result
  }

  /// Reads a span of a file.
  /// - Parameter slot: which of the buffers takes it: one for each strip.
  @unsafe private func read(_ file: Int, _ span: Range<Int>, slot: Int) throws(LoaderError) -> UnsafePointer<UInt8>? {
    let source = try sources.file(file)
    guard let buffer = reading?.spans.buffer(slot, holding: span.count) else { return nil }
    let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.storage[..<span.count])
    let count: Int
    do throws(SystemError) {
      count = unsafe try source.read(into: memory, at: UInt64(span.lowerBound))
    } catch {
      throw LoaderError(.dataLoss, "cannot be read: \(error.reason)", file: sources.files[file].name)
    }
    guard count == span.count else { throw .changed(sources.files[file].name) }
    return unsafe UnsafePointer(memory.baseAddress?.assumingMemoryBound(to: UInt8.self))
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
