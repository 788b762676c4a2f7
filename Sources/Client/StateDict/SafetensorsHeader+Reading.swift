internal import Loader

extension SafetensorsHeader {
  /// Reads the header of a whole safetensors file of `size` bytes, wherever it is.
  /// - Parameters:
  ///   - subject: what the bytes are, for the error.
  ///   - bytes: gives a range of them.
  static func reading(
    size: Int, subject: String, bytes: (Range<Int>) throws(WeightClientError) -> [UInt8]
  ) throws(WeightClientError) -> SafetensorsHeader {
    let prefix = try bytes(0..<min(8, size))
    let length: Int
    do throws(Failure) {
      length = try SafetensorsHeader.length(prefix: prefix, fileSize: UInt64(size))
    } catch {
      throw WeightClientError(error, subject: subject)
    }
    let json = try bytes(8..<8 + length)
    do throws(Failure) {
      return try SafetensorsHeader(json: json, dataSize: UInt64(size - 8 - length))
    } catch {
      throw WeightClientError(error, subject: subject)
    }
  }
}
