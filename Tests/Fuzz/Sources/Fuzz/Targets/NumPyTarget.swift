@testable import Loader

/// The beginning of an `.npy` file, whose elements are added where it says how many there are.
struct NumPyTarget: FuzzTarget {
  private let file: ScratchFile

  init() throws { file = try ScratchFile(name: "decoder.weight") }

  func run(_ bytes: [UInt8]) {
    var files = file.table(bytes, zeros: missing(bytes))
    do throws(LoaderError) {
      let index = try files.open("decoder.weight")
      let isArray = try NumPyFile.detect(index, in: files)
      promise(try NumPyFile.read(index, in: &files), liesIn: files)
      promise(isArray, "an array in a file that is none")
    } catch {
      promiseOneLine(error.description)
    }
  }

  /// Bytes that the file lacks, as its header has it; 0 where that cannot be told or is much.
  private func missing(_ bytes: [UInt8]) -> UInt64 {
    guard let extent = try? NumPyHeader.extent(Array(bytes.prefix(12))), extent.upperBound <= bytes.count,
      let header = try? NumPyHeader(bytes[extent], dataOffset: extent.upperBound),
      let count = header.dtype.byteCount(shape: header.shape), count < 1 << 40
    else { return 0 }
    return UInt64(max(0, extent.upperBound + count - bytes.count))
  }
}
