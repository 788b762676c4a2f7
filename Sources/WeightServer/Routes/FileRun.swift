import Platform
import Transport

/// A run of a file's bytes, in pieces that are in memory when they are sent: sending one that is not would have everyone else of the
/// connection's loop wait for the disk. The next piece is read while the one before it is sent.
struct FileRun {
  private let file: SourceFile
  private var offset: UInt64
  private var left: Int
  private var wasBroughtIn = false

  /// Bytes that are read and sent together.
  static let piece = 8 << 20
  /// Reads pieces that are not in memory, a few at a time.
  private static let readers = WorkerPool(limit: 4, label: "weight-server.read-ahead")
  private static let buffers = BufferStock()

  init(_ file: SourceFile, offset: UInt64, count: Int) {
    self.file = file
    self.offset = offset
    left = count
  }

  /// The next piece, or the wait for it; nil at the end.
  mutating func next() -> BodyPiece? {
    guard left > 0 else { return nil }
    let (start, count) = (offset, min(left, FileRun.piece))
    if !wasBroughtIn, !file.isInMemory(offset: start, count: count) {
      wasBroughtIn = true
      return .awaited { [file] ready in
        FileRun.readers.run {
          FileRun.buffers.withBuffer { file.bringIn(offset: start, count: count, through: $0) }
          ready()
        }
      }
    }
    wasBroughtIn = false
    offset += UInt64(count)
    left -= count
    return .file(file, offset: start, count: count)
  }
}
