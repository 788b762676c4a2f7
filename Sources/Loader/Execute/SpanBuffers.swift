import Platform

/// Where spans of files are read to that are not mapped: one buffer for each strip of a gather, used again for the next turns.
final class SpanBuffers {
  private var buffers: [Int: ByteBuffer] = [:]

  /// Bytes that are read for all strips at a time, at most: enough that a call's round trip costs little.
  private static let limit = 8 << 20
  /// Where pieces lie more than so many times their length apart, they are read one by one instead of with all between them.
  private static let density = 8

  /// Turns whose bytes are read at a time.
  static func turns(of gather: Gather) -> Int {
    var turns = Int.max
    for strip in gather.strips where strip.file != nil {
      let stride = max(strip.strides.last ?? 0, 1)
      if stride / density > strip.length { return 1 }
      turns = min(turns, limit / gather.strips.count / stride)
    }
    return max(turns, 1)
  }

  /// The buffer of a strip, with room for so many bytes.
  func buffer(_ slot: Int, holding count: Int) -> ByteBuffer {
    if let buffer = buffers[slot], buffer.capacity >= count { return buffer }
    let buffer = ByteBuffer(capacity: count)
    buffers[slot] = buffer
    return buffer
  }
}
