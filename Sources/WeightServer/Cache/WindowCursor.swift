import Loader
import Transport

/// Cuts a whole body into windows to be made one after the other.
struct WindowCursor: Sendable {
  private var stretches: StretchIterator
  private var position = 0
  private var end = 0

  init(_ body: PartitionBody) {
    stretches = StretchIterator(body, range: 0..<body.plan.length)
  }

  /// Bytes that a buffer needs for any window.
  static let largestWindow = BodyPiece.largeFillLimit

  /// The next window; nil at the end.
  mutating func next() throws(LoaderError) -> Range<Int>? {
    while position == end {
      guard let stretch = try stretches.next() else { return nil }
      switch stretch {
      case .file(_, _, let count): end += count
      case .window(let range): end += range.count
      }
    }
    let start = position
    position = min(end, start + (end - start > WindowCursor.largestWindow ? BodyPiece.fillLimit : end - start))
    return start..<position
  }
}
