package import Platform

/// One piece of a body, in the form that is cheapest to send.
package enum BodyPiece: Sendable {
  /// Bytes in memory.
  case bytes([UInt8])
  /// `count` bytes of a file, sent without being copied here. A file that changed since it was opened is not sent.
  case file(SourceFile, offset: UInt64, count: Int)
  /// Bytes that a worker makes: `fill` may block, and leaves exactly `count` bytes in the buffer, which is empty and has room
  /// for them. At most `BodyPiece.fillLimit` at a time, or `largeFillLimit` where that pays.
  case filled(count: Int, fill: @Sendable (ByteBuffer) throws -> Void)
  /// Bytes at many places of mapped files, sent from where they lie. Where the stream cannot do that they are made as `filled` is.
  case scattered(any ScatteredPiece)
  /// Nothing yet: `begin` keeps what it is given and calls it once, from any thread or at once, when `next` has more to say. No
  /// thread waits meanwhile.
  case awaited(begin: @Sendable (@escaping @Sendable () -> Void) -> Void)

  /// The bytes that a `filled` piece should have at most, so that buffers can be used again.
  package static let fillLimit = 1 << 20

  /// The bytes of a `filled` piece that costs much less by the byte the longer it is.
  package static let largeFillLimit = 4 << 20

  /// Bytes in the piece.
  package var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(_, _, let count), .filled(let count, _): count
    case .scattered(let piece): piece.count
    case .awaited: 0
    }
  }
}

/// A piece of a body that lies in many places of mapped files.
package protocol ScatteredPiece: Sendable {
  /// Bytes in all, at most `BodyPiece.fillLimit`.
  var count: Int { get }

  /// The places, if everything is in memory; nil where something may have to be read first. Never blocks.
  func present() -> ScatteredBytes?

  /// The places, when everything was brought into memory. May block.
  func locate() throws -> ScatteredBytes

  /// Makes the bytes in a buffer that is empty and has room for them. May block.
  func fill(_ buffer: ByteBuffer) throws
}

/// A body that is produced as it is sent.
///
/// It is used by one connection at a time, on its queue: `next` never blocks. It must yield exactly the bytes that were
/// announced; fewer or more cut the connection.
package protocol BodySource: Sendable {
  /// The next piece; nil at the end.
  mutating func next() -> BodyPiece?
}

/// A body of pieces that are all known.
package struct PieceList: BodySource {
  private var pieces: ArraySlice<BodyPiece>

  /// A body of these pieces in order.
  package init(_ pieces: [BodyPiece]) {
    self.pieces = pieces[...]
  }

  package mutating func next() -> BodyPiece? {
    pieces.popFirst()
  }
}
