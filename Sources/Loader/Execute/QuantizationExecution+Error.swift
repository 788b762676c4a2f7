import CKernels
import Platform

extension QuantizationExecution {
  /// How far all values are from the source's: the largest distance, and the sum of the squares.
  mutating func error() throws(LoaderError) -> (greatest: Double, sum: Double) {
    var greatest = 0.0
    var sum = 0.0
    let scratch = ByteBuffer(capacity: FloatReader.tile)
    guard let bytes = unsafe scratch.storage.baseAddress else { return (greatest, sum) }
    let scheme = quantization.scheme
    // SAFETY: a piece has at most a tile of numbers, for whose values the scratch has room.
    unsafe try forEachPiece(of: 0..<quantization.count) { piece, floats, parameters in
      switch scheme {
      case .int8:
        let values = unsafe bytes.assumingMemoryBound(to: Int8.self)
        unsafe kernels_quantize8(FloatKernels.level, floats, values, piece.count, parameters.multiplier)
        unsafe kernels_error8(floats, values, piece.count, parameters.scale, &greatest, &sum)
      case .int4:
        let values = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        unsafe kernels_quantize4(
          FloatKernels.level, floats, values, piece.count, parameters.zero, parameters.scale)
        unsafe kernels_error4(
          floats, values, piece.count, parameters.scale, parameters.zero, &greatest, &sum)
      }
    }
    return (greatest, sum)
  }
}
