import CKernels
import Platform

/// Executes ranges of a cast, tile by tile.
struct CastExecution {
  /// The source's numbers.
  private(set) var numbers: FloatReader
  private let type: kernels_type
  private let elementSize: Int

  init(_ numbers: FloatReader, to dtype: DType) throws(LoaderError) {
    guard let type = FloatKernels.type(dtype), type != KERNELS_F64, let size = dtype.byteSize else {
      throw .withoutNumbers(dtype)
    }
    self.numbers = numbers
    self.type = type
    elementSize = size
  }

  /// Makes the bytes `range` of the cast tensor in memory that is as long.
  @unsafe mutating func execute(
    _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let first = position / elementSize
      let inside = position % elementSize
      let left = range.upperBound - position
      // SAFETY: each piece lies within `range`, for which `destination` has room.
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[(position - range.lowerBound)...])
      if inside != 0 || left < elementSize {
        let count = min(elementSize - inside, left)
        let bytes = try element(first)
        for index in 0..<count { unsafe rest[index] = bytes[inside + index] }
        position += count
      } else {
        let count = min(left / elementSize, FloatReader.tile)
        unsafe try convert(first..<first + count, into: rest)
        position += count * elementSize
      }
    }
  }

  @unsafe private mutating func convert(
    _ elements: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    let floats = unsafe try numbers.read(elements)
    guard let from = floats.baseAddress, let to = destination.baseAddress else { return }
    // SAFETY: `destination` has room for these elements, as the callers counted.
    unsafe kernels_narrow(FloatKernels.level, type, from, to, elements.count)
  }

  /// The bytes of one element, of which a range begins or ends in the middle.
  private mutating func element(_ index: Int) throws(LoaderError) -> [UInt8] {
    let buffer = ByteBuffer(capacity: elementSize)
    buffer.count = elementSize
    unsafe try convert(index..<index + 1, into: buffer.storage)
    return buffer.copyBytes()
  }
}
