import Loader
import Platform
import Testing

/// The real checkpoints beside the tests, with the partitions that the frameworks themselves make of them.
enum Fixtures {
  /// The folder of all fixtures.
  static let folder = Path.folder(of: Path.folder(of: Path.folder(of: #filePath))) + "/Fixtures"

  /// A case: a checkpoint and the partitions expected of it.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }
    var folder: String { "\(Fixtures.folder)/conformance/\(name)" }

    /// `case.json`.
    func description() throws -> JSONValue { try JSONValue(parsing: Fixtures.read("\(folder)/case.json")) }
  }

  /// The cases whose names begin so.
  static func cases(_ prefixes: String...) -> [Case] {
    let names = (try? Folder.names(in: "\(folder)/conformance")) ?? []
    return names.filter { name in prefixes.contains { name.hasPrefix($0) } }.map { Case(name: $0) }
  }

  /// A file's bytes.
  static func read(_ path: String) throws -> [UInt8] {
    let file = try Roots().adding(folder: Path.folder(of: path)).open(path)
    return try file.bytes(at: 0, count: Int(file.size))
  }

  /// The tensors of a safetensors file: dtype, shape and bytes by name.
  static func tensors(of bytes: [UInt8]) throws -> [String: ExpectedTensor] {
    let length = try SafetensorsHeader.length(prefix: Array(bytes.prefix(8)), fileSize: UInt64(bytes.count))
    let header = try SafetensorsHeader(
      json: Array(bytes[8..<8 + length]), dataSize: UInt64(bytes.count - 8 - length))
    var tensors: [String: ExpectedTensor] = [:]
    for tensor in header.tensors {
      let range = header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound
      tensors[tensor.name] = ExpectedTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: Array(bytes[range]))
    }
    return tensors
  }

  /// The `__metadata__` of a safetensors file.
  static func metadata(of bytes: [UInt8]) throws -> [String: String] {
    let length = try SafetensorsHeader.length(prefix: Array(bytes.prefix(8)), fileSize: UInt64(bytes.count))
    let header = try SafetensorsHeader(json: Array(bytes[8..<8 + length]), dataSize: UInt64(bytes.count - 8 - length))
    return Dictionary(header.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The names of tensors that two partitions do not hold alike.
  static func differences(_ one: [String: ExpectedTensor], _ other: [String: ExpectedTensor]) -> [String] {
    Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted().map { name in
      "\(name): \(one[name]?.shape.description ?? "absent"), expected \(other[name]?.shape.description ?? "absent")"
    }
  }
}

/// A tensor as a file holds it.
struct ExpectedTensor: Equatable {
  let dtype: DType
  let shape: [Int]
  let bytes: [UInt8]
}

extension PartitionBody {
  /// A range of the body, or all of it.
  func bytes(_ range: Range<Int>? = nil) throws -> [UInt8] {
    let range = range ?? 0..<plan.length
    let buffer = ByteBuffer(capacity: range.count)
    try fill(buffer, with: range)
    return buffer.copyBytes()
  }
}
