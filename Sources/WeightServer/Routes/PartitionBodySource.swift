import Loader
import Platform
import Transport

/// A range of a partition's body as a connection sends it: long runs straight from their files, the rest made in windows.
struct PartitionBodySource: BodySource {
  private let body: PartitionBody
  private var stretches: StretchIterator

  init(_ body: PartitionBody, range: Range<Int>) {
    self.body = body
    stretches = StretchIterator(body, range: range)
  }

  mutating func next() -> BodyPiece? {
    // An index that names no file cannot come from a planner; ending early cuts the connection.
    guard let stretch = try? stretches.next() else { return nil }
    switch stretch {
    case .file(let file, let offset, let count):
      return .file(file, offset: offset, count: count)
    case .window(let range):
      return .filled(count: range.count) { [body] buffer in try body.fill(buffer, with: range) }
    }
  }
}
