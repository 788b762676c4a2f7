import Platform

/// The header of a partition's body: safetensors' length and JSON, padded with spaces so that the tensors' bytes begin at a
/// multiple of 64.
struct BodyHeader {
  /// `__metadata__`, in order.
  let metadata: [(key: String, value: String)]
  /// The tensors, in body order.
  var tensors: [Entry] = []

  /// A tensor at a place relative to the end of the header.
  struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let range: Range<Int>
  }

  init(metadata: [(key: String, value: String)]) {
    self.metadata = metadata
  }

  /// The bytes before the tensors.
  var bytes: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("__metadata__")
      json.object { for (key, value) in metadata { $0.member(key, value) } }
      for tensor in tensors {
        json.key(tensor.name)
        json.object {
          $0.member("dtype", tensor.dtype.rawValue)
          $0.key("shape")
          $0.array(tensor.shape)
          $0.key("data_offsets")
          $0.array([tensor.range.lowerBound, tensor.range.upperBound])
        }
      }
    }
    let padding = (64 - (8 + json.bytes.count) % 64) % 64
    let length = UInt64(json.bytes.count + padding)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    bytes.append(contentsOf: json.bytes)
    bytes.append(contentsOf: Array(repeating: 0x20, count: padding))
    return bytes
  }
}
