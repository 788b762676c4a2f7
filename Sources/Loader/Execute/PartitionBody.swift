public import Platform

/// The bytes of a partition: its plan and the files that it reads. Any range can be made alone.
public struct PartitionBody: Sendable {
  /// What the bytes are.
  public let plan: PartitionPlan
  /// Where they come from.
  public let sources: SourceSet

  /// The body of a plan over the files of its checkpoint.
  public init(_ plan: PartitionPlan, sources: SourceSet) {
    self.plan = plan
    self.sources = sources
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
    var position = range.lowerBound
    var index = plan.segmentIndex(at: position)
    while position < range.upperBound {
      let start = plan.starts[index]
      let segment = plan.segments[index]
      let end = min(start + segment.count, range.upperBound)
      if end > position {
        let piece = unsafe UnsafeMutableRawBufferPointer(
          rebasing: destination[position - range.lowerBound..<end - range.lowerBound])
        unsafe try execute(segment.content, position - start..<end - start, into: piece, files: &files)
        position = end
      }
      index += 1
    }
    try sources.checkUnchanged(files)
  }

  @unsafe private func execute(
    _ content: Segment.Content, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer,
    files: inout Set<Int>
  ) throws(LoaderError) {
    switch content {
    case .literal(let bytes):
      unsafe destination.copyBytes(from: bytes[range])
    case .zeros:
      unsafe destination.initializeMemory(as: UInt8.self, repeating: 0)
    case .run(let file, let offset):
      files.insert(file)
      unsafe try read(file, at: offset + range.lowerBound, into: destination)
    case .gather(let gather):
      for strip in gather.strips { if let file = strip.file { files.insert(file) } }
      unsafe try GatherCopy(gather, sources: sources).execute(range, into: destination)
    }
  }

  @unsafe private func read(
    _ file: Int, at offset: Int, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    let source = try sources.file(file)
    let count: Int
    do throws(SystemError) {
      count = unsafe try source.read(into: destination, at: UInt64(offset))
    } catch {
      throw LoaderError(.dataLoss, "cannot be read: \(error.reason)", file: sources.files[file].name)
    }
    guard count == destination.count else { throw .changed(sources.files[file].name) }
  }
}
