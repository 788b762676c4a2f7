public import Platform

/// A stretch of a body as it is sent: either the kernel copies it from a file, or it is made in a window of memory.
public enum BodyStretch: Sendable {
  /// Bytes at an offset of a file, long enough that `sendfile(2)` pays.
  case file(SourceFile, offset: UInt64, count: Int)
  /// A range of the body, at most a window long.
  case window(Range<Int>)
}

/// Cuts a range of a partition's body into stretches, front to back.
public struct StretchIterator: Sendable {
  private let body: PartitionBody
  private let end: Int
  private var position: Int
  private var index: Int

  /// Bytes that a window has at most: large enough that system calls cost nothing, small enough to stay in the cache.
  public static let windowSize = 512 << 10
  /// Bytes of the source that are looked at for a window of what is computed: where few bytes come of many, as scales do, a window
  /// is cut short, so that the time to the first byte and between two does not grow with the tensors.
  public static let workLimit = 4 << 20
  /// Bytes of a window that is made of a transposed matrix: the more of its rows are made together, the more of each page and cache
  /// line of the source is used when it is visited.
  public static let transposedWindow = 1 << 20...4 << 20
  /// Rows of a transposed matrix that are made together where the window's limits allow: a pair of cache lines of 16-bit elements.
  private static let transposedRows = 64
  /// Bytes from which a run is sent from its file; shorter runs are copied together.
  public static let directThreshold = 64 << 10

  /// The stretches of a range that lies within the body.
  public init(_ body: PartitionBody, range: Range<Int>) {
    self.body = body
    let range = range.clamped(to: 0..<body.plan.length)
    position = range.lowerBound
    end = range.upperBound
    index = body.plan.body.index(at: position)
  }

  /// The next stretch; nil at the end.
  public mutating func next() throws(LoaderError) -> BodyStretch? {
    guard position < end else { return nil }
    if let direct = try nextRun() { return direct }
    let start = position
    skipFinishedSegments()
    if let size = transposedSize(index) {
      position = min(body.plan.starts[index] + body.plan.segments[index].count, start + size, end)
      return .window(start..<position)
    }
    var work = 0
    while position < end, position - start < StretchIterator.windowSize, work < StretchIterator.workLimit {
      skipFinishedSegments()
      let segment = body.plan.segments[index]
      let limit = min(body.plan.starts[index] + segment.count, end, start + StretchIterator.windowSize)
      if case .transform(let transform) = segment.content {
        // What costs nothing is not kept waiting for what has to be computed: the header leaves at once.
        if start != position, work == 0 { break }
        let left = max((StretchIterator.workLimit - work) / transform.workPerByte, MemoryLayout<Float>.size)
        work += min(limit - position, left) * transform.workPerByte
        position += min(limit - position, left)
      } else {
        if start != position, isDirect(index) || isScattered(index) || transposedSize(index) != nil { break }
        position = limit
        // What is sent from where it lies is not joined with what must be made.
        if isScattered(index) { break }
      }
    }
    return .window(start..<position)
  }

  /// The window of a large segment that transposes, whole rows of what it makes; nil of any other.
  private func transposedSize(_ index: Int) -> Int? {
    guard case .gather(let gather) = body.plan.segments[index].content, gather.isTransposed,
      body.plan.segments[index].count > StretchIterator.windowSize
    else { return nil }
    let limits = StretchIterator.transposedWindow
    let (wanted, overflow) = gather.turn.multipliedReportingOverflow(by: StretchIterator.transposedRows)
    let size = overflow ? limits.upperBound : min(max(wanted, limits.lowerBound), limits.upperBound)
    guard gather.turn <= size else { return size }
    // The first window of a range that begins inside a row ends with a row, so that the others are whole rows.
    let inside = max(position - body.plan.starts[index], 0) % gather.turn
    return size / gather.turn * gather.turn - inside
  }

  private mutating func nextRun() throws(LoaderError) -> BodyStretch? {
    skipFinishedSegments()
    guard isDirect(index), case .run(let file, let offset) = body.plan.segments[index].content else { return nil }
    let inside = position - body.plan.starts[index]
    var count = min(body.plan.segments[index].count - inside, end - position)
    position += count
    while position < end, index + 1 < body.plan.segments.count,
      case .run(file, let next) = body.plan.segments[index + 1].content, next == offset + inside + count
    {
      index += 1
      let more = min(body.plan.segments[index].count, end - position)
      count += more
      position += more
    }
    return .file(try body.sources.file(file), offset: UInt64(offset + inside), count: count)
  }

  private mutating func skipFinishedSegments() {
    while index + 1 < body.plan.segments.count,
      position >= body.plan.starts[index] + body.plan.segments[index].count
    {
      index += 1
    }
  }

  private func isScattered(_ index: Int) -> Bool {
    guard body.plan.segments[index].count >= StretchIterator.directThreshold,
      case .gather(let gather) = body.plan.segments[index].content
    else { return false }
    return GatherPieces.isScattered(gather, body.sources)
  }

  private func isDirect(_ index: Int) -> Bool {
    guard case .run(let file, _) = body.plan.segments[index].content,
      body.sources.files.indices.contains(file), body.sources.files[file].file.supply == nil
    else { return false }
    let inside = max(position - body.plan.starts[index], 0)
    return min(body.plan.segments[index].count - inside, end - position) >= StretchIterator.directThreshold
  }
}
