import Platform

/// Makes ranges of the bytes that segments stand for.
struct SegmentReader: Sendable {
  /// The files.
  let sources: SourceSet
  /// What was found out about large groups on the way: scales stand before values in a body, and are computed from the same.
  let extremes = GroupExtremes()

  init(_ sources: SourceSet) {
    self.sources = sources
  }

  /// Makes the bytes `range` of the segments in memory that is as long.
  /// - Parameter files: the files that were read are added; their bytes count only where these have not changed since.
  @unsafe func fill(
    _ destination: UnsafeMutableRawBufferPointer, with range: Range<Int>, of list: SegmentList, files: inout Set<Int>
  ) throws(LoaderError) {
    guard range.lowerBound >= 0, range.upperBound <= list.count, range.count == destination.count else {
      throw LoaderError(.invalidArgument, "bytes \(range) lie outside the \(list.count) of a tensor")
    }
    var position = range.lowerBound
    var index = list.index(at: position)
    while position < range.upperBound {
      let start = list.starts[index]
      let segment = list.segments[index]
      let end = min(start + segment.count, range.upperBound)
      if end > position {
        // SAFETY: both ends lie within `range`, for which `destination` has room.
        let piece = unsafe UnsafeMutableRawBufferPointer(
          rebasing: destination[position - range.lowerBound..<end - range.lowerBound])
        unsafe try execute(segment.content, position - start..<end - start, into: piece, files: &files)
        position = end
      }
      index += 1
    }
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
    case .transform(let transform):
      unsafe try execute(transform, range, into: destination, files: &files)
    }
  }

  @unsafe private func execute(
    _ transform: Transform, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer,
    files: inout Set<Int>
  ) throws(LoaderError) {
    guard range.lowerBound >= 0, range.upperBound <= transform.count else {
      throw LoaderError(.dataLoss, "bytes \(range) lie outside the \(transform.count) that are computed")
    }
    switch transform.operation {
    case .cast(let from, let to):
      var cast = try CastExecution(FloatReader(self, transform.input, from), to: to)
      unsafe try cast.execute(range, into: destination)
      files.formUnion(cast.numbers.files)
    case .quantize(let quantization, let part):
      var execution = try QuantizationExecution(
        quantization, FloatReader(self, transform.input, quantization.dtype), tensor: transform.tensor)
      unsafe try execution.execute(part, range, into: destination)
      files.formUnion(execution.numbers.files)
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
