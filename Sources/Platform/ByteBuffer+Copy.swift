extension ByteBuffer {
  /// Fills the buffer with as many of these bytes as fit. Returns how many.
  @discardableResult
  package func replace(with bytes: ArraySlice<UInt8>) -> Int {
    count = min(bytes.count, capacity)
    // SAFETY: at most `capacity` bytes are copied.
    unsafe storage.copyBytes(from: bytes.prefix(count))
    return count
  }
}
