import Platform
import Transport

/// A range of a body that is being made into the cache: what is there is sent, for the rest it waits without a thread.
struct FollowerBodySource: BodySource {
  private let job: Materialization
  private let end: Int
  private var position: Int
  private var rest: PartitionBodySource?

  init(_ job: Materialization, range: Range<Int>) {
    self.job = job
    position = range.lowerBound
    end = range.upperBound
  }

  mutating func next() -> BodyPiece? {
    if var source = rest {
      defer { rest = source }
      return source.next()
    }
    guard position < end else { return nil }
    let start = position
    switch job.supply(at: start) {
    case .nothingYet:
      return .awaited { [job] ready in job.wait(behind: start, ready) }
    case .bytes(let limit):
      position = min(limit, end, start + BodyPiece.fillLimit)
      let range = start..<position
      return .filled(count: range.count) { [job] buffer in try job.read(into: buffer, range) }
    case .file(let file):
      position = end
      return .file(file, offset: UInt64(start), count: end - start)
    case .nothing:
      // The cache cannot hold it: the rest is made as it is sent.
      rest = PartitionBodySource(job.body, range: start..<end)
      return next()
    case .failed(let error):
      return .filled(count: min(end - start, BodyPiece.fillLimit)) { _ in throw error }
    }
  }
}

/// A range of an entry of the cache.
struct StoredBodySource: BodySource {
  private var run: FileRun

  init(_ file: SourceFile, range: Range<Int>) {
    run = FileRun(file, offset: UInt64(range.lowerBound), count: range.count)
  }

  mutating func next() -> BodyPiece? { run.next() }
}
