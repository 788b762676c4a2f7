extension SHA256 {
  /// Adds the filled bytes of a buffer.
  package mutating func update(_ buffer: ByteBuffer) {
    // SAFETY: the buffer outlives the call.
    unsafe update(buffer.bytes)
  }

  /// Adds a range of a memory region.
  package mutating func update(_ memory: MemoryRegion, in range: Range<Int>) {
    // SAFETY: the span's bytes outlive the call.
    memory.withBytes(in: range) { span in
      unsafe span.withUnsafeBytes { unsafe update($0) }
    }
  }
}
