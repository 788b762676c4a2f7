import Platform

/// Sizes and offset of a zip entry, from the zip64 extra field where the plain ones are saturated.
///
/// Source: PKWARE APPNOTE 4.5.3: the field holds, in this order, only those values whose plain field is all ones.
struct Zip64Field {
  private(set) var size: UInt64
  private(set) var storedSize: UInt64
  private(set) var headerOffset: UInt64

  /// Reads the extra fields of an entry of the central directory.
  init(
    _ extra: ArraySlice<UInt8>, size: UInt32, storedSize: UInt32, headerOffset: UInt32
  ) throws(LoaderError) {
    self.size = UInt64(size)
    self.storedSize = UInt64(storedSize)
    self.headerOffset = UInt64(headerOffset)
    guard size == .max || storedSize == .max || headerOffset == .max else { return }
    var cursor = ByteCursor(Array(extra))
    do {
      while cursor.remaining >= 4 {
        let kind = try cursor.littleEndian(UInt16.self)
        let length = try cursor.littleEndian(UInt16.self)
        let field = try cursor.take(UInt64(length))
        guard kind == 1 else { continue }
        var values = ByteCursor(Array(field))
        if size == .max { self.size = try values.littleEndian(UInt64.self) }
        if storedSize == .max { self.storedSize = try values.littleEndian(UInt64.self) }
        if headerOffset == .max { self.headerOffset = try values.littleEndian(UInt64.self) }
        return
      }
    } catch {
      throw LoaderError(.invalidCheckpoint, "has a zip entry whose zip64 field is cut short")
    }
  }
}
