import Platform

/// A safetensors file as a source of tensors.
public enum Safetensors {
  /// A header that was read from a file of a checkpoint.
  public struct Index: Sendable {
    /// Names and tensors, by their place in the file.
    public let tensors: [(name: String, tensor: StoredTensor)]
    /// The file's `__metadata__`.
    public let metadata: [(key: String, value: String)]
  }

  /// Whether a file's first bytes can be those of a safetensors file: a length that its size allows, then `{`.
  public static func matches(prefix: [UInt8], fileSize: UInt64) -> Bool {
    guard prefix.count > 8, prefix[8] == 0x7B else { return false }
    let length = prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length <= UInt64(SafetensorsHeader.lengthLimit)
  }

  /// Reads the header of a file: metadata only, never a weight.
  public static func read(_ index: Int, in files: inout FileTable) throws(LoaderError) -> Index {
    let entry = files.entries[index]
    let header: SafetensorsHeader
    do throws(SafetensorsHeader.Failure) {
      let prefix = try? files.read(index, at: 0, count: 8, what: "the header's length")
      let length = try SafetensorsHeader.length(prefix: prefix ?? [], fileSize: entry.file.size)
      let json: [UInt8]
      do throws(LoaderError) {
        json = try files.read(index, at: 8, count: UInt64(length), what: "the header")
      } catch {
        throw SafetensorsHeader.Failure.truncated(error.message)
      }
      header = try SafetensorsHeader(json: json, dataSize: entry.file.size - 8 - UInt64(length))
      files.identify(index, by: json)
    } catch {
      throw .invalid(entry.name, error.description)
    }
    let tensors = header.tensors.map { tensor in
      (
        name: tensor.name,
        tensor: StoredTensor(
          dtype: tensor.dtype, shape: tensor.shape,
          location: .init(file: index, offset: header.dataStart + tensor.range.lowerBound))
      )
    }
    return Index(tensors: tensors, metadata: header.metadata)
  }
}
