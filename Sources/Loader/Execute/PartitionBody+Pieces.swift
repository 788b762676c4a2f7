public import Platform

extension PartitionBody {
  /// The bytes of a window that the plan carries itself: the header; nil of any other window.
  public func literal(_ range: Range<Int>) -> ArraySlice<UInt8>? {
    guard range.lowerBound >= 0, !range.isEmpty, range.upperBound <= plan.length else { return nil }
    let index = plan.body.index(at: range.lowerBound)
    let start = plan.body.starts[index]
    guard case .literal(let bytes) = plan.body.segments[index].content, range.upperBound - start <= bytes.count else {
      return nil
    }
    return bytes[range.lowerBound - start..<range.upperBound - start]
  }

  /// Whether a window lies within a gather whose pieces are long enough to be sent from where they lie.
  public func isScattered(_ range: Range<Int>) -> Bool {
    guard let (gather, _) = gather(around: range) else { return false }
    return GatherPieces.isScattered(gather, sources)
  }

  /// The pieces of a window that is scattered.
  ///
  /// They count only while the files that they lie in are unchanged: who sends them looks at those before and after.
  /// - Parameter mayRead: whether pages that are not in memory are read first, which may take long; else the answer is nil where there
  ///   may be such.
  public func pieces(of range: Range<Int>, mayRead: Bool) throws(LoaderError) -> ScatteredBytes? {
    guard let (gather, start) = gather(around: range),
      let pieces = try GatherPieces(gather, sources: sources)
    else { return nil }
    return try pieces.pieces(range.lowerBound - start..<range.upperBound - start, mayRead: mayRead)
  }

  /// The gather that a window lies in, and where that begins.
  private func gather(around range: Range<Int>) -> (Gather, start: Int)? {
    guard range.lowerBound >= 0, !range.isEmpty, range.upperBound <= plan.length else { return nil }
    let index = plan.body.index(at: range.lowerBound)
    let segment = plan.body.segments[index]
    let start = plan.body.starts[index]
    guard case .gather(let gather) = segment.content, range.upperBound <= start + segment.count else { return nil }
    return (gather, start)
  }
}
