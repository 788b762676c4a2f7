internal import Loader
internal import Platform

/// The tensors of a safetensors file, mapped or in memory: names, types, shapes, and the elements in place.
public struct StateDict: Sendable {
  /// The tensors, by their place in the file.
  public let tensors: [TensorView]
  /// `__metadata__`, in the file's order.
  public let metadata: [(key: String, value: String)]
  /// Bytes of the whole file.
  public let byteCount: Int
  private let indices: [String: Int]

  /// Maps a safetensors file; nothing but its header is read now.
  ///
  /// The file must not shrink while the state dict or a view of it lives: a read of bytes that are gone ends the process, as
  /// with any mapping. A file that is replaced by rename, as this client does, stays whole for those who have it mapped.
  /// - Throws: `not_found` for a missing file, `data_loss` for one that is not safetensors.
  public init(mapping path: String) throws(WeightClientError) {
    let memory: MemoryRegion
    do throws(SystemError) {
      memory = try MemoryRegion.mapping(try SourceFile.opening(path))
    } catch {
      throw WeightClientError(error)
    }
    try self.init(memory, count: memory.count, subject: path)
  }

  /// Reads the first `count` bytes of a memory as a safetensors file.
  init(_ memory: MemoryRegion, count: Int, subject: String) throws(WeightClientError) {
    let header = try SafetensorsHeader.reading(size: count, subject: subject) { memory.copyBytes(in: $0) }
    tensors = header.tensors.map { TensorView($0, dataStart: header.dataStart, memory: memory) }
    metadata = header.metadata
    byteCount = count
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// The tensor of a name, if there is one.
  public subscript(name: String) -> TensorView? {
    indices[name].map { tensors[$0] }
  }
}
