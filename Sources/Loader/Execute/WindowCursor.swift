/// Cuts a whole body into windows to be made one after the other, or by several threads side by side.
package struct WindowCursor: Sendable {
  private var stretches: StretchIterator
  private var position = 0
  private var end = 0
  private var step = 0

  /// The windows of a body.
  package init(_ body: PartitionBody) {
    stretches = StretchIterator(body, range: 0..<body.plan.length)
  }

  /// Bytes that a buffer needs for any window.
  package static let largestWindow = StretchIterator.transposedWindow.upperBound

  /// The next window; nil at the end.
  package mutating func next() throws(LoaderError) -> Range<Int>? {
    while position == end {
      guard let stretch = try stretches.next() else { return nil }
      switch stretch {
      case .file(_, _, let count):
        end += count
        step = StretchIterator.windowSize
      case .window(let range):
        end += range.count
        step = range.count
      }
    }
    let start = position
    position = min(start + step, end)
    return start..<position
  }
}
