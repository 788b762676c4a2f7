import Testing

/// A safetensors file taken apart by the tests' own reading of the format.
struct SafetensorsFile {
  /// What a file holds of a tensor.
  struct Tensor: Equatable {
    let dtype: String
    let shape: [Int]
    let bytes: [UInt8]
  }

  let metadata: [String: String]
  let tensors: [String: Tensor]
  /// Names in the order of their bytes.
  let order: [String]
  /// Where the tensors' bytes begin in the file.
  let dataStart: Int

  init(_ file: [UInt8]) throws {
    try #require(file.count >= 8)
    let length = file[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    dataStart = 8 + length
    try #require(dataStart <= file.count)
    let header = try #require(try JSON(Array(file[8..<dataStart])).members)
    metadata = (header["__metadata__"]?.members ?? [:]).compactMapValues(\.text)
    var tensors: [String: Tensor] = [:]
    var starts: [(name: String, start: Int)] = []
    for (name, entry) in header where name != "__metadata__" {
      let offsets = try #require(entry["data_offsets"]?.elements).compactMap(\.integer)
      try #require(offsets.count == 2 && offsets[0] <= offsets[1] && dataStart + offsets[1] <= file.count)
      tensors[name] = Tensor(
        dtype: try #require(entry["dtype"]?.text),
        shape: try #require(entry["shape"]?.elements).compactMap(\.integer),
        bytes: Array(file[dataStart + offsets[0]..<dataStart + offsets[1]]))
      starts.append((name, offsets[0]))
    }
    self.tensors = tensors
    order = starts.sorted { $0.start < $1.start }.map(\.name)
  }

  /// Names of tensors that differ, or that only one file holds.
  func differences(from other: SafetensorsFile) -> [String] {
    Set(tensors.keys).union(other.tensors.keys).filter { tensors[$0] != other.tensors[$0] }.sorted()
  }
}
