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
    /// Bytes of a piece.
    public var length: Int
    /// Loops of the strip's own, outermost first, that collect a piece each at every turn; none for one piece.
    public var repeats: [Repeat] = []

    /// Bytes at each turn.
    public var turn: Int { repeats.reduce(length) { $0 * $1.count } }
  }

  /// A loop of a strip's own: a head's rows, of which a transposed matrix has an element each in every row.
  public struct Repeat: Sendable, Hashable {
    /// How often it runs.
    public let count: Int
    /// Bytes from a piece to the next.
    public let stride: Int
  }

  init(counts: [Int], strips: [Strip]) {
    self.counts = counts
    self.strips = strips
    turn = strips.reduce(0) { $0 + $1.turn }
  }

  /// Whether its turns are rows of a matrix whose elements lie as columns.
  public var isTransposed: Bool {
    strips.contains { $0.strides.last == $0.length && ($0.repeats.last?.stride ?? 0) > $0.length }
  }

  /// Turns of the innermost loop in all.
  public var turns: Int { counts.reduce(1, *) }
}
