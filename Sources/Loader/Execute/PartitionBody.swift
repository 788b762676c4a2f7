public import Platform

/// The bytes of a partition: its plan and the files that it reads. Any range can be made alone.
public struct PartitionBody: Sendable {
  /// What the bytes are.
  public let plan: PartitionPlan
  /// Where they come from.
  public let sources: SourceSet
  let reader: SegmentReader

  /// The body of a plan over the files of its checkpoint.
  public init(_ plan: PartitionPlan, sources: SourceSet) {
    self.plan = plan
    self.sources = sources
    reader = SegmentReader(sources)
  }

  /// Makes the bytes `range` of the body in a buffer that has room for them.
  ///
  /// The files are checked after their bytes were read: bytes of a file that changed meanwhile are never handed on.
  public func fill(_ buffer: ByteBuffer, with range: Range<Int>) throws(LoaderError) {
    guard range.count <= buffer.capacity else {
      throw LoaderError(.invalidArgument, "a window of \(range.count) bytes does not fit \(buffer.capacity)")
    }
    buffer.count = range.count
    // SAFETY: the buffer's memory is ours while we hold it, and the slice lies within it.
    unsafe try fill(UnsafeMutableRawBufferPointer(rebasing: buffer.storage[..<range.count]), with: range)
  }

  /// Makes the bytes `range` of the body in memory that is as long.
  @unsafe public func fill(
    _ destination: UnsafeMutableRawBufferPointer, with range: Range<Int>
  ) throws(LoaderError) {
    guard range.lowerBound >= 0, range.upperBound <= plan.length, range.count == destination.count else {
      throw LoaderError(.invalidArgument, "bytes \(range) lie outside the body of \(plan.length)")
    }
    var files: Set<Int> = []
    unsafe try reader.fill(destination, with: range, of: plan.body, files: &files)
    try sources.checkUnchanged(files)
  }
}
