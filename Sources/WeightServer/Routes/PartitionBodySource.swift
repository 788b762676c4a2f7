import Loader
import Platform
import Transport

/// A range of a partition's body as a connection sends it: long runs straight from their files, the rest made in windows.
struct PartitionBodySource: BodySource {
  private let body: PartitionBody
  private var stretches: StretchIterator
  private var run: FileRun?

  init(_ body: PartitionBody, range: Range<Int>) {
    self.body = body
    stretches = StretchIterator(body, range: range)
  }

  mutating func next() -> BodyPiece? {
    if let piece = run?.next() { return piece }
    run = nil
    // An index that names no file cannot come from a planner; ending early cuts the connection.
    guard let stretch = try? stretches.next() else { return nil }
    switch stretch {
    case .file(let file, let offset, let count):
      run = FileRun(file, offset: offset, count: count)
      return run?.next()
    case .window(let range):
      if let bytes = body.literal(range) { return .bytes(Array(bytes)) }
      if body.isScattered(range) { return .scattered(ScatteredWindow(body: body, range: range)) }
      return .filled(count: range.count) { [body] buffer in try body.fill(buffer, with: range) }
    }
  }
}

/// A window of a body whose bytes are sent from where they lie.
private struct ScatteredWindow: ScatteredPiece {
  let body: PartitionBody
  let range: Range<Int>

  var count: Int { range.count }

  func present() -> ScatteredBytes? {
    // What is wrong is told by `locate`.
    try? body.pieces(of: range, mayRead: false)
  }

  func locate() throws -> ScatteredBytes {
    guard let pieces = try body.pieces(of: range, mayRead: true) else {
      throw LoaderError(.dataLoss, "bytes \(range) of the body are not scattered")
    }
    return pieces
  }

  func fill(_ buffer: ByteBuffer) throws { try body.fill(buffer, with: range) }
}
