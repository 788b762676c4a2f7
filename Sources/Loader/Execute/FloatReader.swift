import CKernels
import Platform

/// Reads stretches of a tensor's numbers as Float, whatever their type, into memory of its own.
struct FloatReader {
  /// Numbers that it has room for: few enough that they stay in the processor's cache until they are used.
  static let tile = 16 << 10

  /// The files that were read.
  private(set) var files: Set<Int> = []
  private let reader: SegmentReader
  private let input: SegmentList
  private let type: kernels_type
  private let elementSize: Int
  private let raw: ByteBuffer
  private let floats: ByteBuffer

  /// A reader of the numbers that segments hold.
  init(_ reader: SegmentReader, _ input: SegmentList, _ dtype: DType) throws(LoaderError) {
    guard let type = FloatKernels.type(dtype), let size = dtype.byteSize else { throw .withoutNumbers(dtype) }
    self.reader = reader
    self.input = input
    self.type = type
    elementSize = size
    let count = min(FloatReader.tile, input.count / size)
    raw = ByteBuffer(capacity: count * size)
    floats = ByteBuffer(capacity: count * MemoryLayout<Float>.size)
  }

  /// What large groups were found to hold.
  var extremes: GroupExtremes { reader.extremes }

  /// The numbers of a range, at most a tile long. They stay until the next call.
  @unsafe mutating func read(_ range: Range<Int>) throws(LoaderError) -> UnsafeBufferPointer<Float> {
    guard range.count * elementSize <= raw.capacity else {
      throw LoaderError(.invalidArgument, "\(range.count) numbers do not fit a tile of \(FloatReader.tile)")
    }
    // SAFETY: the buffers are this reader's own; floats has room for as many numbers as raw, and is aligned to a page.
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: raw.storage[..<(range.count * elementSize)])
    unsafe try reader.fill(
      bytes, with: range.lowerBound * elementSize..<range.upperBound * elementSize, of: input, files: &files)
    guard let from = bytes.baseAddress else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
    if type == KERNELS_F32 {
      // SAFETY: as above; F32 is read as it lies.
      return unsafe UnsafeBufferPointer(start: from.assumingMemoryBound(to: Float.self), count: range.count)
    }
    guard let to = unsafe floats.storage.baseAddress?.assumingMemoryBound(to: Float.self) else {
      return unsafe UnsafeBufferPointer(start: nil, count: 0)
    }
    unsafe kernels_widen(FloatKernels.level, type, from, to, range.count)
    return unsafe UnsafeBufferPointer(start: to, count: range.count)
  }
}
