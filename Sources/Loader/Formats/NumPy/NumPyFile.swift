import Platform

/// Reads `.npy` files: one array each.
enum NumPyFile {
  /// Whether a file begins as `.npy` files do.
  static func detect(_ index: Int, in files: FileTable) throws(LoaderError) -> Bool {
    NumPyHeader.isMagic(try head(index, in: files))
  }

  /// The array of a file, located and checked against the file's size.
  static func read(_ index: Int, in files: inout FileTable) throws(LoaderError) -> StoredTensor {
    let name = files.entries[index].name
    let header: NumPyHeader
    do throws(LoaderError) {
      let extent = try NumPyHeader.extent(try head(index, in: files))
      let bytes = try files.read(index, at: 0, count: UInt64(extent.upperBound), what: "the .npy header")
      header = try NumPyHeader(bytes[extent], dataOffset: extent.upperBound)
      files.identify(index, by: bytes)
    } catch {
      throw error.of(name)
    }
    let available = files.entries[index].file.size - UInt64(header.dataOffset)
    let needed = header.dtype.byteCount(shape: header.shape)
    guard let needed, UInt64(needed) == available else {
      throw .invalid(
        name,
        "has \(available) bytes of elements, and \(header.dtype.rawValue) of shape \(header.shape) takes "
          + (needed.map { String($0) } ?? "more than can be counted"))
    }
    return StoredTensor(
      dtype: header.dtype, shape: header.shape,
      location: StoredTensor.Location(file: index, offset: header.dataOffset, strides: strides(header)))
  }

  private static func head(_ index: Int, in files: FileTable) throws(LoaderError) -> [UInt8] {
    try files.read(index, at: 0, count: min(12, files.entries[index].file.size), what: "the first bytes")
  }

  /// In Fortran's order the first axis varies fastest; with at most one axis longer than 1 that is the same as C's.
  private static func strides(_ header: NumPyHeader) -> [Int]? {
    guard header.isFortranOrder, header.shape.count(where: { $0 != 1 }) > 1, !header.shape.contains(0) else {
      return nil
    }
    // The whole count was counted before, so no step overflows.
    var step = header.dtype.byteSize ?? 1
    return header.shape.map { extent in
      defer { step *= extent }
      return step
    }
  }
}
