/// A stretch of a partition's body, and where its bytes come from.
public struct Segment: Sendable, Hashable {
  /// Bytes of the body that it makes.
  public let count: Int
  /// Where they come from.
  public let content: Content

  /// The kinds of segment.
  public enum Content: Sendable, Hashable {
    /// Bytes that the plan carries itself: the header.
    case literal([UInt8])
    /// Zeros: the padding of a vocabulary.
    case zeros
    /// The source's bytes, verbatim.
    case run(file: Int, offset: Int)
    /// Strips at regular distances: a tensor split along an inner axis, shards merged row by row, a transposed view.
    case gather(Gather)
    /// Numbers that are computed from the source's: a cast, a quantization.
    case transform(Transform)
  }
}

/// Strips of a source that are collected by a nest of loops: for each index of each loop, outermost first, each strip in order.
public struct Gather: Sendable, Hashable {
  /// How often each loop runs, outermost first; at least one loop.
  public let counts: [Int]
  /// What one turn of the innermost loop collects, in order.
  public let strips: [Strip]
  /// Bytes that one turn of the innermost loop collects.
  public let turn: Int

  /// Contiguous bytes that are collected at each turn.
  public struct Strip: Sendable, Hashable {
    /// The file's index in the checkpoint's `FileTable`; nil for zeros.
    public var file: Int?
    /// Where the first turn's bytes begin.
    public var offset: Int
    /// Bytes from a turn of each loop to the next, outermost first, as many as there are loops.
    public var strides: [Int]
    /// Bytes at each turn.
    public var length: Int
  }

  init(counts: [Int], strips: [Strip]) {
    self.counts = counts
    self.strips = strips
    turn = strips.reduce(0) { $0 + $1.length }
  }

  /// Turns of the innermost loop in all.
  public var turns: Int { counts.reduce(1, *) }
}
