@testable import Loader

/// A safetensors file of four bytes that say how many bytes of tensors follow the header, and the header's JSON.
struct SafetensorsTarget: FuzzTarget {
  private let file: ScratchFile

  init() throws { file = try ScratchFile(name: "model.safetensors") }

  func run(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return }
    let dataSize = bytes[..<4].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let json = bytes.dropFirst(4)
    // The highest bit gives the length away to the input: its next eight bytes.
    let length = dataSize >> 31 == 1 ? [] : (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }
    var files = file.table(length + json, zeros: dataSize & 0x7FFF_FFFF)
    do throws(LoaderError) {
      let index = try files.open("model.safetensors")
      let size = files.entries[index].file.size
      _ = Safetensors.matches(prefix: Array((length + json).prefix(16)), fileSize: size)
      var end: Int?
      for (_, tensor) in try Safetensors.read(index, in: &files).tensors {
        promise(tensor, liesIn: files)
        promise(end == nil || end == tensor.location.offset, "tensors that do not follow one another")
        end = tensor.location.offset + tensor.byteCount
      }
      promise(end == nil || UInt64(end ?? 0) == size, "tensors that do not end where the file does")
    } catch {
      promiseOneLine(error.description)
    }
  }
}
